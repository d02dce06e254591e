// One's own account: who I am, what I may see, my name, picture and choices.

import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import { keyFromName } from '../../contract/ids.ts';
import type { Me } from '../../contract/people.ts';
import { type Place, type Role, type RoleGrant, sees, type TeamGrant } from '../../contract/permissions.ts';
import type { Procedures, StateSource, Station } from '../area.ts';
import type { Caller } from '../caller.ts';
import { type Directory, grantPlace, grantText, placeAsGrant, teamsOf } from './directory.ts';
import { type PeopleTables, person, preference } from './entities.ts';

const PICTURE_BYTES = 256 * 1024;

/** What a picture really is, by its first bytes: the browser will be told this and nothing else. */
function pictureType(bytes: Uint8Array): 'image/png' | 'image/jpeg' | 'image/webp' | undefined {
  const starts = (...expected: number[]) => expected.every((byte, i) => bytes[i] === byte);
  if (starts(0x89, 0x50, 0x4e, 0x47)) return 'image/png';
  if (starts(0xff, 0xd8, 0xff)) return 'image/jpeg';
  if (starts(0x52, 0x49, 0x46, 0x46) && Buffer.from(bytes.subarray(8, 12)).toString('latin1') === 'WEBP') return 'image/webp';
  return undefined;
}

export function ownProcedures(
  station: Station,
  directory: Directory,
): Pick<Procedures<'people'>, 'me' | 'updateMe' | 'setPicture' | 'picture' | 'setPreference'> {
  const { store, blobs } = station;
  const read = () => store.read as Kysely<PeopleTables>;

  return {
    me: (_, { caller }) => meOf(station, directory, caller),

    updateMe: (input, { caller }) =>
      store.change(caller.author, async (tx) => {
        await tx.update(person, caller.person, { name: input.name });
        tx.emit({ event: 'people.personChanged', person: caller.person });
        return {};
      }),

    async setPicture(input, { caller }) {
      let picture: string | null = null;
      let type: string | null = null;
      if (input.picture !== null) {
        const bytes = Buffer.from(input.picture.data, 'base64');
        if (bytes.length > PICTURE_BYTES) throw new Refusal('tooLarge', 'The picture is larger than 256 KiB.');
        type = pictureType(bytes) ?? null;
        if (type !== input.picture.type) throw new Refusal('invalid', 'This is not a picture of the kind it claims to be.');
        picture = await blobs.put(bytes);
      }
      return store.change(caller.author, async (tx) => {
        await tx.update(person, caller.person, { picture, pictureType: type });
        tx.emit({ event: 'people.personChanged', person: caller.person });
        return {};
      });
    },

    async picture(input, { caller }) {
      const row = await read()
        .selectFrom('people')
        .select(['picture', 'pictureType'])
        .where('id', '=', input.person)
        .where('deletedAt', 'is', null)
        .executeTakeFirst();
      if (row === undefined || !(await shareOrganisation(station, caller, input.person)))
        throw new Refusal('notFound', 'There is no such person here.');
      const bytes = row.picture === null ? undefined : await blobs.get(row.picture);
      if (bytes === undefined) return { picture: null };
      return { picture: { type: row.pictureType as 'image/png', data: Buffer.from(bytes).toString('base64') } };
    },

    setPreference: (input, { caller }) =>
      store.change(caller.author, async (tx) => {
        const id = `${caller.person}:${input.name}`;
        const known = await (tx.db as Kysely<PeopleTables>).selectFrom('preferences').select('id').where('id', '=', id).executeTakeFirst();
        if (known) {
          await tx.restore(preference, id);
          await tx.update(preference, id, { value: input.value });
        } else await tx.create(preference, id, `user:${caller.person}`, { person: caller.person, name: input.name, value: input.value });
        tx.emit({ event: 'people.preferenceChanged', person: caller.person });
        return {};
      }),
  };
}

/** People of one organisation know each other by name and picture; nobody else's exist. */
async function shareOrganisation({ store }: Station, caller: Caller, other: string): Promise<boolean> {
  if (other === caller.person || caller.may('platform.administer', { kind: 'platform' })) return true;
  const within = caller.seenBy?.organisation;
  let query = (store.read as Kysely<PeopleTables>)
    .selectFrom('memberships as mine')
    .innerJoin('memberships as theirs', 'theirs.organisation', 'mine.organisation')
    .select('mine.id')
    .where('mine.person', '=', caller.person)
    .where('theirs.person', '=', other)
    .where('mine.deletedAt', 'is', null)
    .where('theirs.deletedAt', 'is', null);
  if (within != null) query = query.where('mine.organisation', '=', within);
  const common = await query.executeTakeFirst();
  return common !== undefined;
}

async function meOf({ store, settings, version }: Station, directory: Directory, caller: Caller): Promise<Me> {
  const db = store.read as Kysely<PeopleTables>;
  // As they are now: a stream may have been opened long ago.
  const { seenBy } = caller;
  // Of a view they are new with every judgement.
  const counting = seenBy ? caller.grants : await directory.grantsOf(caller.person);
  const seesIt = (at: Place) => sees(counting, at, directory.organisationOf);
  const [self, given, organisations, sites, preferences, session, credential, phone, viewer, teams] = await Promise.all([
    db.selectFrom('people').selectAll().where('id', '=', caller.person).executeTakeFirstOrThrow(),
    db.selectFrom('grants').selectAll().where('person', '=', caller.person).where('deletedAt', 'is', null).orderBy('id').execute(),
    db.selectFrom('organisations').selectAll().where('deletedAt', 'is', null).orderBy('name').orderBy('id').execute(),
    db.selectFrom('sites').selectAll().where('deletedAt', 'is', null).orderBy('name').orderBy('id').execute(),
    db.selectFrom('preferences').selectAll().where('person', '=', caller.person).where('deletedAt', 'is', null).execute(),
    db.selectFrom('session').select('expiresAt').where('id', '=', caller.session).executeTakeFirst(),
    db.selectFrom('credential').select('person').where('person', '=', caller.person).executeTakeFirst(),
    db.selectFrom('phone').select('confirmedAt').where('person', '=', caller.person).executeTakeFirst(),
    seenBy && db.selectFrom('people').select(['id', 'name']).where('id', '=', seenBy.person).executeTakeFirstOrThrow(),
    teamsOf(db, caller.person),
  ]);
  const shared = (grant: RoleGrant) => ({ id: given.find(({ role }) => role === grant.role)?.id ?? '', person: self.id, ...grant });
  const here = seenBy?.organisation == null ? given : given.filter(({ scope }) => scope === `org:${seenBy.organisation}`);
  const all = here.map((row) => ({ id: row.id, person: row.person, role: row.role as Role, at: grantPlace(row.at) }));
  const isCounting = ({ role, at }: RoleGrant) => counting.some((one) => one.role === role && grantText(one.at) === grantText(at));
  const teamsHere = seenBy?.organisation == null ? teams : teams.filter(({ organisation }) => organisation === seenBy.organisation);
  const countingTeams = teamsHere.flatMap((team) => {
    const grant = counting.find((one): one is TeamGrant => one.at.kind === 'team' && one.at.team === team.id);
    return grant === undefined ? [] : [{ ...team, role: grant.role }];
  });
  const place = (row: (typeof sites)[number]) => ({
    kind: 'site' as const,
    organisation: row.organisation,
    site: row.id,
    operatorsControl: row.operatorsControl === 1,
    workAllowed: row.workAllowed === 1,
  });
  return {
    person: {
      id: self.id,
      email: self.email,
      name: self.name,
      picture: self.picture,
      disabledAt: self.disabledAt,
      emailVerifiedAt: self.emailVerifiedAt,
      machine: self.machine === 1,
    },
    grants: seenBy ? counting.filter((grant): grant is RoleGrant => grant.at.kind !== 'team').map(shared) : all.filter(isCounting),
    secondFactorNeeded: !all.every(isCounting) || countingTeams.length < teamsHere.length,
    organisations: organisations
      .filter((row) => seesIt({ kind: 'organisation', organisation: row.id }))
      .map(({ id, key, name, archivedAt, secondFactorFrom }) => ({
        id,
        key,
        name,
        archivedAt,
        secondFactorFrom: secondFactorFrom as Me['organisations'][number]['secondFactorFrom'],
      })),
    sites: sites
      .filter((row) => seesIt(place(row)))
      .map((row) => ({
        id: row.id,
        organisation: row.organisation,
        key: row.key,
        name: row.name,
        timeZone: row.timeZone,
        operatorsControl: row.operatorsControl === 1,
        workAllowed: row.workAllowed === 1,
        quietHours: row.quietHours,
        archivedAt: row.archivedAt,
      })),
    teams: countingTeams,
    preferences: seenBy ? {} : Object.fromEntries(preferences.map((row) => [row.name, JSON.parse(row.value) as string | number | boolean])),
    session: { id: caller.session, expiresAt: session?.expiresAt ?? 0 },
    hasSecondFactor: seenBy === undefined && phone !== undefined && phone.confirmedAt !== null,
    hasPassword: seenBy !== undefined || credential !== undefined,
    seenBy: viewer ? { ...viewer, until: session?.expiresAt ?? 0 } : null,
    station: {
      id: store.stationId,
      key: keyFromName(settings.name),
      name: settings.name,
      version,
      at: placeAsGrant(await directory.stationPlace()),
    },
  };
}

/** One key: everything about me is small, and belongs together. */
export function meStream(station: Station, directory: Directory, caller: Caller): StateSource<Me> {
  return {
    read: async () => new Map([['me', await meOf(station, directory, caller)]]),
    watch: (changed) =>
      station.store.events.subscribe((event) => {
        if ('person' in event && event.person === caller.person && event.event !== 'watch.noticed') changed('me');
        if (event.event === 'people.siteChanged' || event.event === 'people.organisationChanged' || event.event === 'people.teamChanged')
          changed('me');
      }),
  };
}
