// What one can do about an update, by how far it is. The first is what one most likely wants.
import type { UpdateState, UpdateStep } from '../../contract/watch/updates.ts';

export function stepsOf(state: UpdateState): readonly UpdateStep[] {
  switch (state.kind) {
    case 'available':
      return ['download', 'check'];
    case 'downloading':
      return ['cancel'];
    case 'ready':
      return ['installNow', state.atNextLaunch ? 'installNotLater' : 'installLater'];
    case 'idle':
    case 'current':
    case 'failed':
      return ['check'];
    default:
      return [];
  }
}

export const percentOf = ({ received, of }: { received: number; of: number }): number => (of === 0 ? 0 : Math.floor((received / of) * 100));
