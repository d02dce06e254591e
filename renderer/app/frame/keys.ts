// Keys that work everywhere, and what they open.
import { useLocation } from '@tanstack/react-router';
import { useEffect } from 'react';
import { create } from 'zustand';
import { pageAbove, pageOf } from '../address.ts';
import { useWall } from '../appearance.ts';
import { useJustDone, useUndo } from '../undo.ts';
import { useGo } from '../useHere.ts';

export type Overlay = 'palette' | 'keys';

export const useOverlays = create<{ open: Overlay | undefined; show(overlay: Overlay): void; close(): void }>((set) => ({
  open: undefined,
  show: (open) => set({ open }),
  close: () => set({ open: undefined }),
}));

/** For the list behind “?”: what to press, and a key of the texts that says what it does. */
export const KEYS = [
  { keys: ['Ctrl', 'K'], label: 'keys.palette' },
  { keys: ['?'], label: 'keys.help' },
  { keys: ['Backspace'], label: 'keys.up' },
  { keys: ['Ctrl', 'Z'], label: 'keys.undo' },
  { keys: ['Ctrl', 'Shift', 'F'], label: 'keys.wall' },
  { keys: ['Esc'], label: 'keys.close' },
] as const;

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export function useKeys(): void {
  const { pathname } = useLocation();
  const go = useGo();
  const show = useOverlays((state) => state.show);
  const open = useOverlays((state) => state.open);
  const { undo } = useUndo();
  const toggleWall = useWall((state) => state.toggle);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const control = event.ctrlKey || event.metaKey;
      if (control && event.key.toLowerCase() === 'k') show('palette');
      else if (control && event.shiftKey && event.key.toLowerCase() === 'f') toggleWall();
      else if (isTyping(event.target) || open !== undefined || document.querySelector('[role="dialog"]') !== null) return;
      else if (control && !event.shiftKey && event.key.toLowerCase() === 'z') {
        const { change } = useJustDone.getState();
        if (change !== undefined) void undo(change);
      } else if (event.key === '?') show('keys');
      else if (event.key === 'Backspace') {
        const above = pageAbove(pageOf(pathname));
        if (above !== undefined) go(above);
      } else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [pathname, go, show, open, toggleWall, undo]);
}
