// The small world the example inputs speak of: an organisation with a site and its tree, and a person in every role;
// beside it a second organisation that must never be seen.
import { EXAMPLE } from '../../contract/examples.ts';
import type { Id } from '../../contract/ids.ts';
import type { Role, TeamRole } from '../../contract/permissions.ts';
import * as entities from '../people/entities.ts';
import { hashPassword } from '../people/passwords.ts';
import { putInTeam } from '../people/teams.ts';
import { digestOf } from '../people/tokens.ts';
import type { Site } from '../site.ts';
import { station as itself, type Tx } from '../store/index.ts';
import { notice } from '../watch/entities.ts';

const fixed = (n: number) => `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

export const OTHER = {
  organisation: fixed(0x101),
  site: fixed(0x102),
  building: fixed(0x103),
  team: fixed(0x105),
  admin: fixed(0x110),
  session: fixed(0x120),
  grant: fixed(0x121),
  key: fixed(0x122),
  machine: fixed(0x117),
  task: fixed(0x130),
  notice: fixed(0x131),
  change: fixed(0x140),
} as const;

/** What nobody of the first organisation may ever read. */
export const OTHER_WORDS = [
  'Südwerk',
  'suedwerk',
  'Plant 7',
  'plant-7',
  'Tower',
  'tower',
  'Rescue',
  'rescue',
  'stranger',
  ...Object.values(OTHER),
];
/** And what the administrator of the other one may not. */
export const EXAMPLE_WORDS = [
  'Nordwerk',
  'nordwerk',
  'Works 1',
  'works-1',
  'Hall A',
  'hall-a',
  'Heating',
  'Repair',
  EXAMPLE.site,
  EXAMPLE.building,
  EXAMPLE.team,
];

/** Everybody in the world: their role, where they have it, and the token of an open session. */
export const CAST = {
  viewer: { id: EXAMPLE.viewer, role: 'viewer', at: 'site', token: 'token-of-the-viewer-of-works-1' },
  operator: { id: fixed(0x12), role: 'operator', at: 'site', token: 'token-of-the-operator-of-works-1' },
  siteManager: { id: fixed(0x13), role: 'siteManager', at: 'site', token: 'token-of-the-manager-of-works-1' },
  organisationAdmin: { id: fixed(0x14), role: 'organisationAdmin', at: 'organisation', token: 'token-of-the-admin-of-nordwerk' },
  platformAdmin: { id: EXAMPLE.admin, role: 'platformAdmin', at: 'platform', token: 'token-of-the-platform-admin' },
  developer: { id: fixed(0x15), role: 'developer', at: 'platform', token: 'token-of-the-developer' },
  /** Signed in, and granted nothing. */
  nobody: { id: fixed(0x16), role: undefined, at: undefined, token: 'token-of-a-person-without-a-role' },
  /** Administers the other organisation. */
  stranger: { id: OTHER.admin, role: 'organisationAdmin', at: 'other', token: 'token-of-the-admin-of-another-one' },
} as const satisfies Record<
  string,
  { id: Id; role: Role | undefined; at: 'site' | 'organisation' | 'platform' | 'other' | undefined; token: string }
>;
export type Actor = keyof typeof CAST;

/** What everybody is in the team of the example, whatever their role at the site. */
export const TEAM = { viewer: 'member', operator: 'owner', siteManager: 'admin' } as const satisfies Partial<Record<Actor, TeamRole>>;

/** The key of a screen on a wall of the example site. */
export const MACHINE = { id: fixed(0x17), name: 'Wall screen of hall A', token: 'token-of-a-wall-screen-of-works-1' } as const;

/** A session of the platform administrator that ended long ago. */
export const EXPIRED_TOKEN = 'token-of-a-session-that-has-expired';
export const PASSWORD = 'a long enough phrase';
const DAY_MS = 86_400_000;

let hash: Promise<string> | undefined;
/** Of PASSWORD; made once, as it takes its time. */
export function passwordHash(): Promise<string> {
  hash ??= hashPassword(PASSWORD);
  return hash;
}

/** The administrator has just chosen something anew: their last change, by the name examples know it by. */
export async function changeOfExample({ store }: Pick<Site, 'store'>): Promise<void> {
  const by = { person: EXAMPLE.admin, session: EXAMPLE.session, from: 'console', organisation: null, site: null };
  const action = 'people.setPreference';
  await store.change({ ...by, action, undoable: { action, again: false } }, async (tx) => {
    const id = `${EXAMPLE.admin}:example`;
    const known = await tx.db.selectFrom('preferences').select('id').where('id', '=', id).executeTakeFirst();
    if (known) await tx.update(entities.preference, id, { value: tx.id() });
    else await tx.create(entities.preference, id, `user:${EXAMPLE.admin}`, { person: EXAMPLE.admin, name: 'example', value: tx.id() });
  });
  await store.change(itself('test'), async (tx) => {
    await tx.db.updateTable('lastChange').set({ change: EXAMPLE.change }).where('person', '=', EXAMPLE.admin).execute();
  });
}

export async function buildWorld({ store }: Pick<Site, 'store'>): Promise<void> {
  const hash = await passwordHash();
  await store.change(itself('test.world'), async (tx) => {
    await tx.create(entities.organisation, EXAMPLE.organisation, 'platform', { key: 'nordwerk', name: 'Nordwerk' });
    await tx.create(entities.site, EXAMPLE.site, `site:${EXAMPLE.site}`, {
      organisation: EXAMPLE.organisation,
      key: 'works-1',
      name: 'Works 1',
      timeZone: 'Europe/Berlin',
    });
    const inSite = `site:${EXAMPLE.site}` as const;
    await tx.create(entities.place, EXAMPLE.building, inSite, {
      site: EXAMPLE.site,
      kind: 'building',
      key: 'hall-a',
      name: 'Hall A',
      rank: 'a0',
    });
    await tx.create(entities.place, EXAMPLE.system, inSite, {
      site: EXAMPLE.site,
      parent: EXAMPLE.building,
      kind: 'system',
      key: 'heating',
      name: 'Heating',
      rank: 'a0',
    });
    await tx.create(entities.organisation, OTHER.organisation, 'platform', { key: 'suedwerk', name: 'Südwerk' });
    await tx.create(entities.site, OTHER.site, `site:${OTHER.site}`, { organisation: OTHER.organisation, key: 'plant-7', name: 'Plant 7' });
    await tx.create(entities.place, OTHER.building, `site:${OTHER.site}`, {
      site: OTHER.site,
      kind: 'building',
      key: 'tower',
      name: 'Tower',
      rank: 'a0',
    });

    let n = 0;
    for (const [name, { id, role, at, token }] of Object.entries(CAST)) {
      const email = name === 'platformAdmin' ? 'ada@example.org' : `${name.toLowerCase()}@example.org`;
      await tx.create(entities.person, id, 'platform', {
        email,
        emailKey: email,
        name: name === 'platformAdmin' ? 'Ada Admin' : `The ${name}`,
      });
      await tx.db.insertInto('credential').values({ person: id, hash, changedAt: tx.now() }).execute();
      const organisation = at === 'other' ? OTHER.organisation : EXAMPLE.organisation;
      if (at !== undefined && at !== 'platform')
        await tx.create(entities.membership, tx.id(), `org:${organisation}`, { person: id, organisation });
      if (role !== undefined) {
        const where = {
          site: `site:${EXAMPLE.site}`,
          organisation: `org:${EXAMPLE.organisation}`,
          platform: 'platform',
          other: `org:${OTHER.organisation}`,
        }[at];
        const grantId = name === 'viewer' ? EXAMPLE.grant : name === 'stranger' ? OTHER.grant : fixed(0x200 + ++n);
        await tx.create(entities.grant, grantId, at === 'platform' ? 'platform' : `org:${organisation}`, { person: id, role, at: where });
      }
      await tx.db
        .insertInto('session')
        .values({
          id: name === 'platformAdmin' ? EXAMPLE.session : name === 'stranger' ? OTHER.session : tx.id(),
          tokenDigest: digestOf(token),
          person: id,
          createdAt: tx.now(),
          seenAt: tx.now(),
          expiresAt: tx.now() + 365 * DAY_MS,
          source: 'console',
          agent: 'test',
          confirmedAt: tx.now(),
        })
        .execute();
    }
    const north = { organisation: EXAMPLE.organisation };
    await tx.create(entities.team, EXAMPLE.team, `org:${north.organisation}`, { ...north, key: 'repair', name: 'Repair' });
    for (const [name, role] of Object.entries(TEAM)) await putInTeam(tx, { id: EXAMPLE.team, ...north }, CAST[name as Actor].id, role);
    const south = { organisation: OTHER.organisation };
    await tx.create(entities.team, OTHER.team, `org:${south.organisation}`, { ...south, key: 'rescue', name: 'Rescue' });
    await putInTeam(tx, { id: OTHER.team, ...south }, OTHER.admin, 'owner');
    await addMachine(tx);
    await tx.create(entities.person, OTHER.machine, 'platform', {
      emailKey: `machine:${OTHER.machine}`,
      name: 'Plant 7 panel',
      machine: true,
    });
    await tx.create(entities.grant, OTHER.key, `org:${OTHER.organisation}`, {
      person: OTHER.machine,
      role: 'viewer',
      at: `site:${OTHER.site}`,
    });
    await tx.db
      .insertInto('session')
      .values({
        id: tx.id(),
        tokenDigest: digestOf(EXPIRED_TOKEN),
        person: EXAMPLE.admin,
        createdAt: tx.now() - 60 * DAY_MS,
        seenAt: tx.now() - 40 * DAY_MS,
        expiresAt: tx.now() - 30 * DAY_MS,
        source: 'console',
        agent: 'test',
        confirmedAt: 0,
      })
      .execute();
    for (const [id, person, task] of [
      [EXAMPLE.notice, EXAMPLE.admin, EXAMPLE.task],
      [OTHER.notice, OTHER.admin, OTHER.task],
    ] as const) {
      await tx.create(notice, id, `user:${person}`, { person, kind: 'watch.taskDone', data: { title: 'Backup' }, at: tx.now() });
      // In the table and in nobody's queue: it waits until somebody stops it.
      await tx.db
        .insertInto('task')
        .values(waitingTask(task, person, tx.now()))
        .execute();
    }
    tx.emit({ event: 'people.siteChanged', site: EXAMPLE.site });
  });
}

async function addMachine(tx: Tx): Promise<void> {
  const { id, name } = MACHINE;
  await tx.create(entities.person, id, 'platform', { emailKey: `machine:${id}`, name, machine: true, madeBy: EXAMPLE.admin });
  await tx.create(entities.grant, EXAMPLE.key, `org:${EXAMPLE.organisation}`, { person: id, role: 'viewer', at: `site:${EXAMPLE.site}` });
  await openMachineSession(tx);
}

/** As it is when the key was made: never used. */
export async function openMachineSession(tx: Tx): Promise<void> {
  await tx.db
    .insertInto('session')
    .values({
      id: tx.id(),
      tokenDigest: digestOf(MACHINE.token),
      person: MACHINE.id,
      createdAt: tx.now(),
      seenAt: 0,
      expiresAt: tx.now() + 365 * DAY_MS,
      source: '',
      agent: '',
      confirmedAt: 0,
    })
    .onConflict((conflict) => conflict.column('tokenDigest').doNothing())
    .execute();
}

const waitingTask = (id: Id, owner: Id, now: number) => ({
  id,
  kind: 'watch.integrity',
  owner,
  title: 'Check of the store',
  input: '{}',
  state: 'waiting',
  progress: null,
  message: '',
  attempts: 0,
  result: null,
  createdAt: now,
  endedAt: null,
});
