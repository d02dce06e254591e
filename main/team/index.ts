// team: nothing of it is built yet. What contract/team.ts comes to declare is carried out here.
import type { Area } from '../area.ts';

export const open = (): Area<'team'> => ({ procedures: {}, streams: {}, health: async () => [], stop: async () => {} });
