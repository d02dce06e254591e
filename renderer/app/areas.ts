// The areas this page was built with, for the frame: given once by main.tsx.
import { createContext, useContext } from 'react';
import type { ScreenArea, ScreenContext } from './area.ts';
import { useMay, useMe } from './hooks.ts';
import { useHere } from './useHere.ts';

export const AreasContext = createContext<readonly ScreenArea[]>([]);
export const useAreas = (): readonly ScreenArea[] => useContext(AreasContext);

/** What areas are asked with; undefined while one stands nowhere. */
export function useScreenContext(): ScreenContext | undefined {
  const me = useMe();
  const may = useMay();
  const here = useHere();
  return here && { me, may, here };
}
