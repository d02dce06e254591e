// plant: nothing of it is built yet. What contract/plant.ts comes to declare is carried out here.
import type { Area } from '../area.ts';

export const open = (): Area<'plant'> => ({ procedures: {}, streams: {}, health: async () => [], stop: async () => {} });
