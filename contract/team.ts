// team: nothing of it is built yet. Its procedures and streams are declared here.
import { area } from './procedure.ts';

export const team = area('team', {});
export const teamStreams = {};
