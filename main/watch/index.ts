// watch: health of the station, its tasks, backups, log and mail, and what it tells people.

import { CONTRACT } from '../../contract/version.ts';
import type { Check } from '../../contract/watch.ts';
import type { Area, Station } from '../area.ts';
import type { LogSink } from '../log.ts';
import { backupProcedures, defineBackups } from './backups.ts';
import { stationChecks, worst } from './health.ts';
import { liveLog, logFile } from './logs.ts';
import { mailProcedures } from './mail.ts';
import { noticeFacts, noticeProcedures, noticeStream } from './notices.ts';
import { taskProcedures, taskStream } from './tasks.ts';
import { updateProcedures } from './updates.ts';
import { openVitals } from './vitals.ts';

export { entities } from './entities.ts';
export { openMail } from './mail.ts';

export type WatchNeeds = {
  sink: LogSink;
  /** What every other area says of itself. */
  checks(): Promise<Check[]>;
  counts(): Record<string, number>;
};

export function open(station: Station, needs: WatchNeeds): Area<'watch'> {
  const { store, settings, version, clock } = station;
  const startedAt = station.clock();
  const vitals = openVitals(station.clock, needs.counts);
  const stopBackups = defineBackups(station);
  const stopNotices = noticeFacts(station);

  return {
    procedures: {
      about: async () => ({ id: store.stationId, name: settings.name, version, contract: CONTRACT, time: clock() }),
      async health() {
        const checks = [...(await stationChecks(station)), ...(await needs.checks())];
        return { state: worst(checks), startedAt, checks };
      },
      ...taskProcedures(station),
      ...backupProcedures(station),
      ...mailProcedures(station),
      ...noticeProcedures(station),
      ...updateProcedures(station),
    },
    streams: {
      tasks: (_, { caller }) => taskStream(station, caller.person),
      notices: (_, { caller }) => noticeStream(station, caller.person),
      vitals: () => vitals.source,
      logFile: () => logFile(needs.sink),
      liveLog: () => liveLog(needs.sink),
    },
    health: async () => [],
    async stop() {
      stopBackups();
      stopNotices();
      vitals.stop();
    },
  };
}
