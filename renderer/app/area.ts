// What an area brings to the screens. main.tsx lists them; the frame shows what is there and what one may see.
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import type { AreaName } from '../../contract/index.ts';
import type { Me } from '../../contract/people.ts';
import type { Here } from './address.ts';
import type { May } from './hooks.ts';

export type ScreenContext = { me: Me; here: Here; may: May };

export type ScreenRoute = {
  /** Below the place in the address: 'people', 'plant/system/$system'. */
  path: string;
  component: () => ReactNode;
};

export type RailEntry = {
  path: string;
  /** A key of the area's own texts. */
  label: string;
  icon: LucideIcon;
  shows(context: ScreenContext): boolean;
};

export type PaletteCommand = {
  id: string;
  /** Already in the person's language. */
  label: string;
  description?: string;
  icon?: LucideIcon;
  group: 'go' | 'do' | 'found';
  run(): void;
};

export type PaletteContext = ScreenContext & {
  t(key: string, values?: Record<string, unknown>): string;
  go(page: string, here?: Here, ask?: string): void;
};

export type ScreenArea = {
  area: AreaName;
  rail: readonly RailEntry[];
  routes: readonly ScreenRoute[];
  /** Beside “go to”, which follows from the rail. */
  commands?(context: PaletteContext): PaletteCommand[];
  /** A React hook that finds things by name for the palette. */
  useSearch?(context: PaletteContext): PaletteCommand[];
};
