// The first start: it works once, for whoever sits at the machine or knows the code that was printed there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onBoth, sqliteFor } from '../testing/databases.ts';
import { at, bearing } from '../testing/people.ts';
import { CONSOLE, openTestStation, type TestStation } from '../testing/station.ts';

const INPUT = {
  organisation: 'Nordwerk',
  site: 'Works 1',
  timeZone: 'Europe/Berlin',
  admin: { email: 'Ada@Example.org', name: 'Ada', password: 'a long enough phrase' },
};
const NET = at('192.0.2.7');
const here = (station: TestStation) => bearing(station, undefined, CONSOLE).people;
const elsewhere = (station: TestStation) => bearing(station, undefined, NET).people;
const DONE = { code: 'conflict', message: /set up already/ };
const counted = async ({ store }: TestStation) =>
  Object.fromEntries(
    await Promise.all(
      ['organisations', 'sites', 'people', 'grants', 'session'].map(async (table) => [
        table,
        (await store.read.selectFrom(table).select('id').execute()).length,
      ]),
    ),
  );
const NOTHING = { organisations: 0, sites: 0, people: 0, grants: 0, session: 0 };
const ONE = { organisations: 1, sites: 1, people: 1, grants: 3, session: 1 };

onBoth('from another machine the set-up needs the code, and a wrong one changes nothing and is written down', async (database) => {
  const station = await openTestStation(database.t, { database });
  const { code } = station.people.firstStart;
  assert.deepEqual(await elsewhere(station).setUpState({}), { needed: true, codeNeeded: true });
  const last = code.at(-1) === 'a' ? 'b' : 'a';
  for (const wrong of [undefined, '', ' ', code.slice(0, -1), `${code}a`, code.slice(0, -1) + last, '0'.repeat(code.length)])
    await assert.rejects(elsewhere(station).setUp({ ...INPUT, ...(wrong !== undefined && { code: wrong }) }), { code: 'forbidden' });
  assert.deepEqual(await counted(station), NOTHING);

  const { token } = await elsewhere(station).setUp({ ...INPUT, code: ` ${code.toUpperCase()} ` });
  assert.deepEqual(await counted(station), ONE);
  const { entries } = await bearing(station, token).people.listAudit({});
  assert.deepEqual(
    entries.map(({ action, outcome, from }) => [action, outcome, from]),
    [['people.setUp', 'done', NET.from], ...Array(7).fill(['people.setUp', 'refused', NET.from])],
  );
  assert.ok(!JSON.stringify(entries).includes(code) && !station.logged().includes(code), 'the code stays between terminal and person');
});

test('every station has a code of its own, without letters that are read as others', async (t) => {
  const codes = new Set<string>();
  for (let n = 0; n < 3; n++) codes.add((await openTestStation(t)).people.firstStart.code);
  assert.equal(codes.size, 3);
  for (const code of codes) assert.match(code, /^[a-hjkmnp-z2-9]{10}$/);
});

onBoth('of several set-ups at the same time one counts, and the others leave nothing', async (database) => {
  const station = await openTestStation(database.t, { database });
  const { code } = station.people.firstStart;
  const answers = await Promise.allSettled(
    Array.from({ length: 4 }, (_, n) =>
      (n % 2 === 0 ? here : elsewhere)(station).setUp({
        ...INPUT,
        organisation: `Organisation ${n}`,
        admin: { ...INPUT.admin, email: `admin${n}@example.org` },
        code,
      }),
    ),
  );
  const won = answers.findIndex(({ status }) => status === 'fulfilled');
  for (const [n, answer] of answers.entries())
    if (n !== won) assert.deepEqual([answer.status, answer.status === 'rejected' && answer.reason.code], ['rejected', 'conflict']);
  assert.deepEqual(await counted(station), ONE);
  const { token } = (answers[won] as PromiseFulfilledResult<{ token: string }>).value;
  const me = await bearing(station, token).people.me({});
  assert.deepEqual([me.person.email, me.organisations[0]?.name], [`admin${won}@example.org`, `Organisation ${won}`]);
});

onBoth('what was set up is not set up again, by screen or console, nor after a restart', async (database) => {
  const station = await openTestStation(database.t, { database });
  const made = await station.people.firstStart.fromConsole({ ...INPUT, admin: { ...INPUT.admin, password: undefined } });
  await station.stop();
  const again = await openTestStation(database.t, { database });
  assert.equal(await again.people.firstStart.needed(), false);
  assert.deepEqual(await elsewhere(again).setUpState({}), { needed: false, codeNeeded: false });
  await assert.rejects(here(again).setUp(INPUT), DONE);
  await assert.rejects(elsewhere(again).setUp({ ...INPUT, code: again.people.firstStart.code }), DONE);
  await assert.rejects(again.people.firstStart.fromConsole(INPUT), DONE);
  assert.deepEqual(await counted(again), { ...ONE, session: 0 });

  const { token } = await elsewhere(again).signInByLink({ secret: await again.people.consoleLink(undefined, 60_000) });
  const me = await bearing(again, token).people.me({});
  assert.deepEqual(
    [me.person.id, me.sites[0]?.id, me.organisations[0]?.id, me.hasPassword],
    [made.admin, made.site, made.organisation, false],
  );
});

test('until it is set up nobody signs in', async (t) => {
  const station = await openTestStation(t, { database: sqliteFor(t) });
  await assert.rejects(here(station).signIn({ email: 'ada@example.org', password: 'a long enough phrase' }), { code: 'unauthenticated' });
  await assert.rejects(station.people.consoleLink(undefined, 60_000), { code: 'notFound' });
});

onBoth('a set-up code is not guessed: after sixty tries in a minute one source waits, and the audit with it', async (database) => {
  const station = await openTestStation(database.t, { database });
  const { code } = station.people.firstStart;
  const codes: string[] = [];
  for (let n = 0; n < 63; n++)
    await elsewhere(station)
      .setUp({ ...INPUT, code: `guess ${n}` })
      .catch(({ code: refused }) => codes.push(refused));
  assert.deepEqual([codes.filter((one) => one === 'forbidden').length, codes.filter((one) => one === 'tooMany').length], [60, 3]);
  // Whoever knows it does not have to wait for whoever does not.
  const { token } = await elsewhere(station).setUp({ ...INPUT, code });
  const { entries } = await bearing(station, token).people.listAudit({ outcome: 'refused', limit: 200 });
  assert.equal(entries.length, 60);
});
