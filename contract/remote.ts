// remote: nothing of it is built yet. Its procedures and streams are declared here.
import { area } from './procedure.ts';

export const remote = area('remote', {});
export const remoteStreams = {};
