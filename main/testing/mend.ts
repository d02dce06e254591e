// Puts back what the example commands take away, so that a sweep may carry each of them out many times.
import { EXAMPLE } from '../../contract/examples.ts';
import type { Id } from '../../contract/ids.ts';
import * as entities from '../people/entities.ts';
import { putInTeam, takeOutOfTeam } from '../people/teams.ts';
import { digestOf } from '../people/tokens.ts';
import type { Site } from '../site.ts';
import { station as itself, type Tx } from '../store/index.ts';
import { mailServer } from '../watch/entities.ts';
import { type Actor, CAST, changeOfExample, MACHINE, openMachineSession, passwordHash, TEAM } from './world.ts';

const YEAR_MS = 365 * 86_400_000;

/** `mailPort`: where a mail server of the test listens. */
export async function mendWorld({ store }: Pick<Site, 'store'>, mailPort: number): Promise<void> {
  const hash = await passwordHash();
  await changeOfExample({ store });
  await store.change(itself('test.mend'), async (tx) => {
    for (const id of [EXAMPLE.building, EXAMPLE.system]) await tx.restore(entities.place, id);
    await tx.update(entities.place, EXAMPLE.system, { parent: EXAMPLE.building });
    if (await tx.restore(entities.grant, EXAMPLE.grant))
      tx.emit({ event: 'people.grantsChanged', person: EXAMPLE.viewer, by: null, role: 'viewer', where: '', given: true });
    if (await tx.update(entities.site, EXAMPLE.site, { operatorsControl: false, name: 'Works 1' }))
      tx.emit({ event: 'people.siteChanged', site: EXAMPLE.site });
    await tx.update(entities.organisation, EXAMPLE.organisation, { name: 'Nordwerk' });

    const servers = await tx.db.selectFrom('mailServers').select('id').where('id', '=', store.stationId).execute();
    if (servers.length === 0) await tx.create(mailServer, store.stationId, 'platform', { from: 'outpost@example.org' });
    await tx.restore(mailServer, store.stationId);
    await tx.update(mailServer, store.stationId, { host: '127.0.0.1', port: mailPort, security: 'none', user: '' });

    await tx.db.updateTable('task').set({ state: 'waiting', endedAt: null }).where('id', '=', EXAMPLE.task).execute();
    await mendMerged(tx);
    await mendTeam(tx);
    await tx.db.deleteFrom('credential').execute();
    for (const { id: person } of Object.values(CAST))
      await tx.db.insertInto('credential').values({ person, hash, changedAt: tx.now() }).execute();
    await tx.db.deleteFrom('phone').execute();
    await tx.restore(entities.membership, await membershipOfViewer(tx));
    await tx.restore(entities.grant, EXAMPLE.key);
    await tx.update(entities.person, MACHINE.id, { disabledAt: null });
    await openMachineSession(tx);
    for (const { id: person, token } of Object.values(CAST))
      await tx.db
        .insertInto('session')
        .values({
          id: person === EXAMPLE.admin ? EXAMPLE.session : tx.id(),
          tokenDigest: digestOf(token),
          person,
          createdAt: tx.now(),
          seenAt: tx.now(),
          expiresAt: tx.now() + YEAR_MS,
          source: 'console',
          agent: 'test',
          confirmedAt: tx.now(),
        })
        .onConflict((conflict) => conflict.column('tokenDigest').doNothing())
        .execute();
  });
}

/** Makes two of the viewer and the platform administrator again. */
async function mendMerged(tx: Tx): Promise<void> {
  await tx.update(entities.person, EXAMPLE.viewer, { mergedInto: null, disabledAt: null });
  for (const entity of [entities.grant, entities.membership]) {
    const rows = await tx.db
      .selectFrom(entity.table)
      .select('id')
      .where('person', '=', EXAMPLE.admin)
      .where('scope', '!=', 'platform')
      .execute();
    for (const { id } of rows) await tx.remove(entity, id as Id);
  }
  tx.emit({ event: 'people.rightsChanged', person: EXAMPLE.admin });
}

async function mendTeam(tx: Tx): Promise<void> {
  const team = { id: EXAMPLE.team, organisation: EXAMPLE.organisation };
  await tx.restore(entities.team, team.id);
  await tx.update(entities.team, team.id, { name: 'Repair' });
  for (const [name, role] of Object.entries(TEAM)) await putInTeam(tx, team, CAST[name as Actor].id, role);
  const merged = await tx.db.selectFrom('teamMembers').select('id').where('person', '=', EXAMPLE.admin).executeTakeFirst();
  if (merged) await takeOutOfTeam(tx, team.id, EXAMPLE.admin);
  tx.emit({ event: 'people.teamChanged', team: team.id });
}

async function membershipOfViewer(tx: Tx): Promise<Id> {
  const { id } = await tx.db.selectFrom('memberships').select('id').where('person', '=', EXAMPLE.viewer).executeTakeFirstOrThrow();
  return id as Id;
}
