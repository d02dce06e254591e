// work: nothing of it is built yet. What contract/work.ts comes to declare is carried out here.
import type { Area } from '../area.ts';

export const open = (): Area<'work'> => ({ procedures: {}, streams: {}, health: async () => [], stop: async () => {} });
