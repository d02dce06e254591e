// What changes something is not there while one sees the station as somebody else.
import type { ReactNode } from 'react';
import { useCanAct } from './hooks.ts';

export const Acts = ({ children }: { children: ReactNode }) => (useCanAct() ? children : null);
