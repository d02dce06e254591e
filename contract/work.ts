// work: nothing of it is built yet. Its procedures and streams are declared here.
import { area } from './procedure.ts';

export const work = area('work', {});
export const workStreams = {};
