// The small world in a station of its own, its people as clients, and what the audit says of them: where tests of areas begin.
import type { AuditEntry } from '../../contract/people.ts';
import type { Origin } from '../caller.ts';
import { digestOf } from '../people/tokens.ts';
import { station as itself } from '../store/index.ts';
import type { TestDatabase } from './databases.ts';
import { CONSOLE, openTestStation, type TestStation, type TestStationOptions } from './station.ts';
import { type Actor, buildWorld, CAST } from './world.ts';

export async function openWorld(database: TestDatabase, options: TestStationOptions = {}): Promise<TestStation> {
  const station = await openTestStation(database.t, { database, ...options });
  await buildWorld(station);
  return station;
}

/** Whoever holds this token; undefined: somebody who has not signed in. */
export const bearing = ({ client }: TestStation, token: string | undefined, origin: Origin = CONSOLE) => client({ token, origin });

export const as = (station: TestStation, who: Actor, origin?: Origin) => bearing(station, CAST[who].token, origin);

/** A machine on the network. */
export const at = (from: string): Origin => ({ from, local: false, agent: 'test' });

/** The newest entry of the whole audit. */
export async function lastAudited(station: TestStation): Promise<AuditEntry> {
  const { entries } = await as(station, 'platformAdmin').people.listAudit({ limit: 1 });
  return entries[0] as AuditEntry;
}

/** Another session of somebody in the world, as a sign-in would have made it, without the slow check. */
export async function addSession({ store }: TestStation, person: string, token: string, confirmedAt?: number): Promise<void> {
  await store.change(itself('test.session'), async (tx) => {
    const times = { createdAt: tx.now(), seenAt: tx.now(), expiresAt: tx.now() + 1e9 };
    await tx.db
      .insertInto('session')
      .values({
        id: tx.id(),
        tokenDigest: digestOf(token),
        person,
        ...times,
        source: 'console',
        agent: 'test',
        confirmedAt: confirmedAt ?? tx.now(),
      })
      .execute();
  });
}
