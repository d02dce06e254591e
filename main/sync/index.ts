// sync: sites and hub meeting again. No hub is joined yet; what a hub would be sent is counted here.
import type { Area, Station } from '../area.ts';

export function open({ store }: Station): Area<'sync'> {
  return {
    procedures: {
      status: async () => ({ incarnation: store.incarnation, ...(await store.changeLog.count()), hub: null }),
    },
    streams: {},
    health: async () => [],
    stop: async () => {},
  };
}
