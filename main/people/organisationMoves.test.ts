// Organisations of all kinds go from SQLite to PostgreSQL and back, and are the same by digest each time.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { Id } from '../../contract/ids.ts';
import type { Scope } from '../store/entities.ts';
import { station as itself, type Tx } from '../store/index.ts';
import { postgresFor, sqliteFor, type TestDatabase } from '../testing/databases.ts';
import { digestOf, fileIn } from '../testing/organisationFile.ts';
import { openTestStation, type TestStation } from '../testing/station.ts';
import * as entities from './entities.ts';
import { createOrganisation, createSite } from './organisations.ts';
import { createPerson, giveRole } from './roles.ts';

/** Names as people give them: every script, what JSON and spreadsheets trip over, and no blank ends. */
const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
  .map((text) => text.replaceAll('\0', '').trim())
  .filter((text) => text !== '' && text.length <= 120);

const act = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('place' as const), site: fc.nat(9), parent: fc.nat(9), name }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('rename' as const), which: fc.nat(99), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), which: fc.nat(99) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revive' as const), which: fc.nat(99) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('person' as const),
      name,
      role: fc.constantFrom('viewer', 'operator', 'siteManager'),
      site: fc.nat(9),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('key' as const), name, site: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), which: fc.nat(99) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('picture' as const),
      which: fc.nat(99),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('site' as const), name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rules' as const), site: fc.nat(9), on: fc.boolean() }) },
);
type Act = typeof act extends fc.Arbitrary<infer A> ? A : never;
const organisation = fc.record({ name, sites: fc.array(name, { minLength: 1, maxLength: 3 }), acts: fc.array(act, { maxLength: 40 }) });
type Plan = typeof organisation extends fc.Arbitrary<infer P> ? P : never;

const pick = <T>(all: readonly T[], n: number): T | undefined => (all.length === 0 ? undefined : all[n % all.length]);

/** Grows it in a station that holds others already; each act is a change of its own. */
async function grown({ store, station, clock }: TestStation, plan: Plan): Promise<{ id: Id; key: string }> {
  const by = itself('test.grow');
  const sites: Id[] = [];
  const places: { id: Id; site: Id }[] = [];
  const people: Id[] = [];
  const made = await store.change(by, async (tx) => {
    const id = await createOrganisation(tx, { name: plan.name });
    for (const one of plan.sites) sites.push(await createSite(tx, { organisation: id, name: one, timeZone: 'Europe/Berlin' }));
    const admin = await createPerson(tx, { email: `${id}@example.org`, name: 'Ada' });
    await giveRole(tx, admin, 'organisationAdmin', { kind: 'organisation', organisation: id }, null);
    return { id, admin };
  });
  const siteAt = (n: number) => pick(sites, n) as Id;
  const placeOf = (site: Id) => ({ kind: 'site', organisation: made.id, site, operatorsControl: false, workAllowed: false }) as const;

  async function carryOut(tx: Tx, one: Act): Promise<void> {
    switch (one.kind) {
      case 'place': {
        const site = siteAt(one.site);
        const id = tx.id();
        const parent =
          pick(
            places.filter((place) => place.site === site),
            one.parent,
          )?.id ?? null;
        await tx.create(entities.place, id, `site:${site}` as Scope, { site, parent, key: `p-${id}`, name: one.name, rank: 'a0' });
        return void places.push({ id, site });
      }
      case 'rename': {
        const place = pick(places, one.which);
        return void (place && (await tx.update(entities.place, place.id, { name: one.name })));
      }
      case 'remove':
      case 'revive': {
        const place = pick(places, one.which);
        return void (place && (await (one.kind === 'remove' ? tx.remove : tx.restore)(entities.place, place.id)));
      }
      case 'person': {
        const id = tx.id();
        await createPerson(tx, { email: `${id}@example.org`, name: one.name }, id);
        await giveRole(tx, id, one.role as 'viewer', placeOf(siteAt(one.site)), made.admin);
        return void people.push(id);
      }
      case 'key': {
        const id = tx.id();
        await tx.create(entities.person, id, 'platform', { emailKey: `machine:${id}`, name: one.name, machine: true, madeBy: made.admin });
        return void (await giveRole(tx, id, 'viewer', placeOf(siteAt(one.site)), made.admin));
      }
      case 'leave': {
        const person = pick(people, one.which);
        for (const [table, entity] of [
          ['memberships', entities.membership],
          ['grants', entities.grant],
        ] as const)
          for (const { id } of await tx.db
            .selectFrom(table)
            .select('id')
            .where('person', '=', person ?? '')
            .execute())
            await tx.remove(entity, id);
        return;
      }
      case 'picture': {
        const person = pick(people, one.which);
        if (person !== undefined)
          await tx.update(entities.person, person, { picture: await station.blobs.put(one.bytes), pictureType: 'image/png' });
        return;
      }
      case 'site':
        return void sites.push(await createSite(tx, { organisation: made.id, name: one.name }));
      case 'rules':
        return void (await tx.update(entities.site, siteAt(one.site), { operatorsControl: one.on, archivedAt: one.on ? tx.now() : null }));
    }
  }
  for (const one of plan.acts) {
    await store.change(by, (tx) => carryOut(tx, one));
    clock.advance(1_000);
  }
  const [row] = await store.database.reader.all<{ key: string }>('select "key" from "organisations" where "id" = ?', [made.id]);
  return { id: made.id, key: row?.key as string };
}

async function moved(
  t: TestContext,
  from: TestStation,
  key: string,
  into: TestDatabase,
): Promise<{ station: TestStation; digest: string }> {
  const file = fileIn(t);
  await from.people.organisationFile.toFile(key, file);
  const station = await openTestStation(t, { database: into, clock: from.clock, seed: `${into.where}` });
  const { digest } = await station.people.organisationFile.bring(file, undefined);
  assert.equal(digest, await digestOf(file));
  const { faults, tables, log } = await station.store.compareWithLog();
  assert.deepEqual([faults, tables], [[], log]);
  return { station, digest };
}

test('whatever an organisation is made of, it is the same on PostgreSQL, and on SQLite again', async (t) => {
  const home = await openTestStation(t, { seed: 'home' });
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(organisation, async (plan) => {
      const { key } = await grown(home, plan);
      const there = await moved(t, home, key, await postgresFor(t));
      const back = await moved(t, there.station, key, sqliteFor(t));
      assert.equal(back.digest, there.digest);
      seen.add(back.digest);
      await there.station.stop();
      await back.station.stop();
    }),
    { numRuns: 12 },
  );
  assert.ok(seen.size >= 12, 'each was another one');
});
