// remote: nothing of it is built yet. What contract/remote.ts comes to declare is carried out here.
import type { Area } from '../area.ts';

export const open = (): Area<'remote'> => ({ procedures: {}, streams: {}, health: async () => [], stop: async () => {} });
