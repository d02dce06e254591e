// Backups and the check of the store: started by a person or by the night, seen in the tray like any task.
import { Cron } from 'croner';
import { Refusal } from '../../contract/errors.ts';
import type { Procedures, Station } from '../area.ts';
import type { Caller } from '../caller.ts';
import { type BackupReason, listBackups, makeBackup, pruneBackups } from '../store/backup.ts';
import { station as itself } from '../store/index.ts';
import { answeredOnce } from './tasks.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** After the start: whoever has just begun shall not wait for a backup. */
const MAKE_UP_MS = 5 * 60_000;

/** Describes the kinds of tasks to the station, and has the nightly one put in. Returns how to stop. */
export function defineBackups({ store, tasks, settings, folder, clock, version, log }: Station): () => void {
  tasks.define('watch.backup', {
    title: 'Backup',
    repeatable: true,
    async run({ signal, progress }, input: { reason: BackupReason }) {
      progress(0, 'Copying the store');
      const backup = await makeBackup(store.database, folder, { reason: input.reason, version, at: clock() }, { signal, progress });
      if (input.reason === 'scheduled') await pruneBackups(folder.backups, settings.backupsKept);
      progress(1, backup.name);
      return backup;
    },
  });

  tasks.define('watch.integrity', {
    title: 'Check of the store',
    repeatable: true,
    async run({ signal, progress }) {
      progress(null, 'Reading the database');
      const faults = await store.faults(false, signal);
      const audit = await store.verifyAudit({ signal });
      const compared = await store.compareWithLog({ signal, progress });
      const all = [...faults, ...(audit.fault ? [audit.fault] : []), ...compared.faults];
      if (all.length > 0) throw new Refusal('unavailable', all.slice(0, 3).join(' · '));
      progress(1, `${compared.records} records and ${audit.rows} audit rows agree with the log`);
      return { records: compared.records, digest: compared.tables };
    },
  });

  const nightly = new Cron(
    `0 ${settings.backupHour} * * *`,
    { unref: true, catch: (error) => log.error({ error, area: 'watch' }, 'the nightly backup was not started') },
    () => tasks.start(itself('watch.nightlyBackup'), 'watch.backup', { reason: 'scheduled' }).then(() => {}),
  );
  // A laptop is shut at night, a plant is switched off for the weekend: what was missed is made up for once it runs again.
  const missed = setTimeout(
    () => void makeUp().catch((error: unknown) => log.error({ error, area: 'watch' }, 'a missed backup was not made')),
    MAKE_UP_MS,
  );
  missed.unref();
  async function makeUp(): Promise<void> {
    const last = (await listBackups(folder.backups)).find(({ reason }) => reason === 'scheduled');
    if (last === undefined || clock() - last.at > DAY_MS)
      await tasks.start(itself('watch.nightlyBackup'), 'watch.backup', { reason: 'scheduled' });
  }
  return () => {
    nightly.stop();
    clearTimeout(missed);
  };
}

export function backupProcedures(station: Station): Pick<Procedures<'watch'>, 'startBackup' | 'listBackups' | 'checkIntegrity'> {
  const { tasks, folder } = station;
  const start = ({ author }: Caller, kind: string, input: object) =>
    answeredOnce(station, author, async (by) => ({ task: await tasks.start(by, kind, input) }));
  return {
    startBackup: (_, { caller }) => start(caller, 'watch.backup', { reason: 'asked' }),
    checkIntegrity: (_, { caller }) => start(caller, 'watch.integrity', {}),
    async listBackups() {
      const backups = await listBackups(folder.backups);
      return { backups: backups.map(({ name, at, bytes, reason, version }) => ({ name, at, bytes, reason, version })) };
    },
  };
}
