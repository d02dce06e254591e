// Theme and wall mode: chosen by a person, kept at the station for all their screens, and here for the next start.
import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useEffect } from 'react';
import { create } from 'zustand';
import { useStation } from './hooks.ts';
import { useStationState } from './station.ts';

export type Theme = 'light' | 'dark' | 'auto';
const isTheme = (value: unknown): value is Theme => value === 'light' || value === 'dark' || value === 'auto';

const WALL = 'outpost.wall';

export const useWall = create<{ wall: boolean; toggle(): void }>((set, get) => ({
  // A wall screen stays one, whoever is signed in: it is a matter of the screen, not of the person.
  wall: localStorage.getItem(WALL) === 'true',
  toggle() {
    const wall = !get().wall;
    localStorage.setItem(WALL, String(wall));
    set({ wall });
  },
}));

/** Follows what the person chose on another screen, and applies wall mode. */
export function useAppearance(): void {
  const { setColorScheme } = useMantineColorScheme();
  const chosen = useStationState((state) => state.me?.preferences.theme);
  const wall = useWall((state) => state.wall);
  useEffect(() => {
    if (isTheme(chosen)) setColorScheme(chosen);
  }, [chosen, setColorScheme]);
  useEffect(() => {
    document.documentElement.dataset.wall = String(wall);
  }, [wall]);
}

export function useTheme(): { theme: Theme; shown: 'light' | 'dark'; choose(theme: Theme): void } {
  const station = useStation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const shown = useComputedColorScheme('dark');
  return {
    theme: colorScheme,
    shown,
    choose(theme) {
      setColorScheme(theme);
      // Without contact the choice still holds here; the station hears of the next one.
      if (useStationState.getState().me?.seenBy === null) station.people.setPreference({ name: 'theme', value: theme }).catch(() => {});
    },
  };
}
