// People of an organisation, and the roles they are given.

import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import {
  allows,
  countsWithout,
  grantable,
  PERMISSIONS,
  type Permission,
  ROLE_LEVEL,
  type Role,
  type RoleGrant,
  type TreePlace,
} from '../../contract/permissions.ts';
import type { Call, Procedures, Station } from '../area.ts';
import type { Caller } from '../caller.ts';
import type { Scope } from '../store/entities.ts';
import type { Tx } from '../store/index.ts';
import { grantPlace, grantText, placeAsGrant, type RolePlace } from './directory.ts';
import { grant, membership, type PeopleTables, person } from './entities.ts';
import { LINK_MS, type MailedLinks } from './mailedLinks.ts';
import type { SecondFactor } from './secondFactor.ts';
import { emailKeyOf, type Sessions } from './sessions.ts';
import { takeOutOfTeams } from './teams.ts';

const inside = (tx: Tx) => tx.db as Kysely<PeopleTables>;

export async function createPerson(tx: Tx, input: { email: string; name: string }, id: Id = tx.id()): Promise<Id> {
  await tx.create(person, id, 'platform', { email: input.email, emailKey: emailKeyOf(input.email), name: input.name });
  return id;
}

/** Who is meant by an address: of an account that was merged, whoever has everything since. */
export async function personByEmail(db: Kysely<PeopleTables>, email: string): Promise<{ id: Id } | undefined> {
  const people = db.selectFrom('people').select(['id', 'mergedInto']).where('deletedAt', 'is', null);
  let found = await people.where('emailKey', '=', emailKeyOf(email)).executeTakeFirst();
  while (found !== undefined && found.mergedInto !== null) found = await people.where('id', '=', found.mergedInto).executeTakeFirst();
  return found;
}

/** Gives a role and, with the first one in an organisation, the membership. The same role at the same place is given once. */
export async function giveRole(tx: Tx, who: Id, role: Role, place: RolePlace, by: Id | null): Promise<Id> {
  const at = grantText(placeAsGrant(place));
  const same = await inside(tx)
    .selectFrom('grants')
    .select('id')
    .where('person', '=', who)
    .where('role', '=', role)
    .where('at', '=', at)
    .where('deletedAt', 'is', null)
    .executeTakeFirst();
  if (same) return same.id;
  const id = tx.id();
  const scope: Scope = place.kind === 'platform' ? 'platform' : `org:${place.organisation}`;
  await dropLinksFromElsewhere(tx, who, scope);
  await tx.create(grant, id, scope, { person: who, role, at });
  if (place.kind !== 'platform') await joinOrganisation(tx, who, place.organisation);
  tx.emit({ event: 'people.grantsChanged', person: who, by, role, where: await nameOf(tx, place), given: true });
  return id;
}

/**
 * A link handed out in one organisation must not open what the person is given in another. Who has no role at all may have had one
 * when the link was made.
 */
export async function dropLinksFromElsewhere(tx: Tx, who: Id, scope: string, except?: Id): Promise<void> {
  const scopes = await scopesOfRoles(tx, who, except);
  if (scopes.length === 0 || scopes.some((other) => other !== scope))
    await inside(tx).deleteFrom('signInLink').where('person', '=', who).execute();
}

/** Where a person has roles: the platform, organisations. */
async function scopesOfRoles(tx: Tx, who: Id, except = ''): Promise<string[]> {
  const rows = await inside(tx)
    .selectFrom('grants')
    .select('scope')
    .distinct()
    .where('person', '=', who)
    .where('id', '!=', except)
    .where('deletedAt', 'is', null)
    .execute();
  return rows.map(({ scope }) => scope);
}

/** What people call the place; '' for the whole platform. */
export async function nameOf(tx: Tx, place: RolePlace): Promise<string> {
  if (place.kind === 'platform') return '';
  const row =
    place.kind === 'site'
      ? await inside(tx).selectFrom('sites').select('name').where('id', '=', place.site).executeTakeFirst()
      : await inside(tx).selectFrom('organisations').select('name').where('id', '=', place.organisation).executeTakeFirst();
  return row?.name ?? '';
}

export async function joinOrganisation(tx: Tx, who: Id, organisation: Id): Promise<void> {
  const member = await inside(tx)
    .selectFrom('memberships')
    .select('id')
    .where('person', '=', who)
    .where('organisation', '=', organisation)
    .where('deletedAt', 'is', null)
    .executeTakeFirst();
  if (member === undefined) await tx.create(membership, tx.id(), `org:${organisation}`, { person: who, organisation });
}

/** Whoever hands out roles hands out only those below them. */
export function mustBeGrantable(call: Call, role: Role, place: TreePlace): void {
  if (grantable(call.caller.grants, place).includes(role)) return;
  const message = ROLE_LEVEL[role] === place.kind ? 'You may not give this role here.' : 'This role is not given at a place of this kind.';
  throw new Refusal('forbidden', message, { role });
}

/** A platform administrator cannot be the last one to go: nobody could let them back in. */
export async function mustLeaveAnAdministrator(tx: Tx, leaving: { person: Id; grant?: Id }): Promise<void> {
  const others = await inside(tx)
    .selectFrom('grants')
    .innerJoin('people', 'people.id', 'grants.person')
    .select('grants.id')
    .where('grants.role', '=', 'platformAdmin')
    .where('grants.deletedAt', 'is', null)
    .where('people.disabledAt', 'is', null)
    .where((eb) => (leaving.grant === undefined ? eb('grants.person', '!=', leaving.person) : eb('grants.id', '!=', leaving.grant)))
    .executeTakeFirst();
  if (others === undefined) throw new Refusal('conflict', 'This is the last platform administrator. Make somebody else one first.');
}

const permissionsOf = (level: TreePlace['kind']) =>
  (Object.keys(PERMISSIONS) as Permission[]).filter((permission) => PERMISSIONS[permission].level === level);
const MAY_AT = { site: permissionsOf('site'), organisation: permissionsOf('organisation') };

const personColumns = [
  'people.id',
  'people.email',
  'people.name',
  'people.picture',
  'people.disabledAt',
  'people.emailVerifiedAt',
] as const;

export function roleProcedures(
  { store }: Station,
  sessions: Sessions,
  secondFactor: SecondFactor,
  mailedLinks: MailedLinks,
): Pick<
  Procedures<'people'>,
  | 'listPeople'
  | 'listSitePeople'
  | 'createPerson'
  | 'createSignInLink'
  | 'mailSignInLink'
  | 'removePerson'
  | 'resetSecondFactor'
  | 'disablePerson'
  | 'grantRole'
  | 'revokeRole'
> {
  const read = () => store.read as Kysely<PeopleTables>;

  async function withGrants(
    people: { id: Id; email: string; name: string; picture: string | null; disabledAt: number | null; emailVerifiedAt: number | null }[],
    place: Exclude<TreePlace, { kind: 'platform' }>,
  ) {
    if (people.length === 0) return { people: [] };
    const ids = people.map(({ id }) => id);
    const rows = await read()
      .selectFrom('grants')
      .select(['id', 'person', 'role', 'at', 'scope'])
      .where('person', 'in', ids)
      .where('deletedAt', 'is', null)
      .orderBy('id')
      .execute();
    const all = rows.map(({ role, at, ...row }) => ({ ...row, role: role as Role, at: grantPlace(at) }));
    // Listed are the roles of this place; what one may do here follows from all one has.
    const here = JSON.stringify(placeAsGrant(place));
    const grants = all.filter(({ scope, at }) =>
      place.kind === 'site' ? JSON.stringify(at) === here : scope === `org:${place.organisation}`,
    );
    const credentials = await read().selectFrom('credential').select('person').where('person', 'in', ids).execute();
    const phones = await read()
      .selectFrom('phone')
      .select('person')
      .where('person', 'in', ids)
      .where('confirmedAt', 'is not', null)
      .execute();
    const { secondFactorFrom } = await read()
      .selectFrom('organisations')
      .select('secondFactorFrom')
      .where('id', '=', place.organisation)
      .executeTakeFirstOrThrow();
    const counts = ({ role, at }: RoleGrant) => at.kind === 'platform' || countsWithout(secondFactorFrom as Role | null, role);
    return {
      people: people.map((one) => ({
        ...one,
        machine: false,
        grants: grants.filter((given) => given.person === one.id),
        may: MAY_AT[place.kind].filter(
          (permission) =>
            one.disabledAt === null &&
            allows(
              all.filter((given) => given.person === one.id && (phones.some(({ person }) => person === one.id) || counts(given))),
              permission,
              place,
            ),
        ),
        hasPassword: credentials.some((credential) => credential.person === one.id),
        hasSecondFactor: phones.some((phone) => phone.person === one.id),
      })),
    };
  }

  return {
    async listPeople(input, { place }) {
      const people = await read()
        .selectFrom('memberships')
        .innerJoin('people', 'people.id', 'memberships.person')
        .select(personColumns)
        .distinct()
        .where('memberships.organisation', '=', input.organisation)
        .where('memberships.deletedAt', 'is', null)
        .where('people.deletedAt', 'is', null)
        .where('people.machine', '=', 0)
        .orderBy('people.id')
        .execute();
      return withGrants(people, place as Exclude<TreePlace, { kind: 'platform' }>);
    },

    async listSitePeople(input, { place }) {
      const at = grantText({ kind: 'site', site: input.site });
      const people = await read()
        .selectFrom('grants')
        .innerJoin('people', 'people.id', 'grants.person')
        .select(personColumns)
        .distinct()
        .where('grants.at', '=', at)
        .where('grants.deletedAt', 'is', null)
        .where('people.deletedAt', 'is', null)
        .where('people.machine', '=', 0)
        .orderBy('people.id')
        .execute();
      return withGrants(people, place as Exclude<TreePlace, { kind: 'platform' }>);
    },

    async createPerson(input, call) {
      // Handed out once and kept nowhere: the answer remembered under an opId holds no secret.
      let link: string | null = null;
      let isNew = false;
      const page = input.byMail && (await mailedLinks.pageOf(call.origin));
      const { person } = await store.change(call.caller.author, async (tx) => {
        const place = call.place as TreePlace;
        mustBeGrantable(call, input.role, place);
        const known = await personByEmail(inside(tx), input.email);
        const id = known?.id ?? (await createPerson(tx, input));
        await giveRole(tx, id, input.role, place, call.caller.person);
        isNew = known === undefined;
        if (isNew && page === undefined) link = (await sessions.makeLink(tx, id, LINK_MS)).secret;
        return { person: id, link: null, mail: null };
      });
      const mail = isNew && page !== undefined ? await mailedLinks.send(call, 'site.people', page, [person]) : null;
      return { person, link, mail };
    },

    createSignInLink: (input, { caller }) =>
      store.change(caller.author, async (tx) => {
        await mustBeWhollyOurs(tx, caller, input);
        const { secret, expiresAt } = await sessions.makeLink(tx, input.person, LINK_MS);
        tx.note(null, [{ entity: 'person', id: input.person, field: 'signInLink', before: null, after: expiresAt }]);
        return { link: secret, expiresAt };
      }),

    async mailSignInLink(input, call) {
      await store.change(call.caller.author, (tx) => mustBeWhollyOurs(tx, call.caller, input));
      const page = await mailedLinks.pageOf(call.origin);
      return { mail: await mailedLinks.send(call, 'organisation.people', page, [input.person]) };
    },

    resetSecondFactor: (input, { caller }) =>
      store.change(caller.author, async (tx) => {
        await mustBeWhollyOurs(tx, caller, input);
        if (!(await secondFactor.drop(tx, input.person))) throw new Refusal('conflict', 'There is no second factor on this account.');
        tx.note(null, [{ entity: 'person', id: input.person, field: 'secondFactor', before: true, after: null }]);
        await sessions.end(tx, { person: input.person });
        tx.emit({ event: 'people.rightsChanged', person: input.person });
        return {};
      }),

    removePerson: (input, call) =>
      store.change(call.caller.author, async (tx) => {
        if (input.person === call.caller.person) throw new Refusal('conflict', 'You cannot take yourself out. Ask another administrator.');
        // More than one where two stations let them in apart.
        const members = await inside(tx)
          .selectFrom('memberships')
          .innerJoin('people', 'people.id', 'memberships.person')
          .select('memberships.id')
          .where('memberships.person', '=', input.person)
          .where('memberships.organisation', '=', input.organisation)
          .where('memberships.deletedAt', 'is', null)
          .where('people.machine', '=', 0)
          .execute();
        if (members.length === 0) throw new Refusal('notFound', 'This person does not belong to the organisation.');
        const given = await inside(tx)
          .selectFrom('grants')
          .select(['id', 'role'])
          .where('person', '=', input.person)
          .where('scope', '=', `org:${input.organisation}`)
          .where('deletedAt', 'is', null)
          .execute();
        for (const { id, role } of given) {
          await tx.remove(grant, id);
          const where = await nameOf(tx, call.place as TreePlace);
          tx.emit({ event: 'people.grantsChanged', person: input.person, by: call.caller.person, role, where, given: false });
        }
        for (const { id } of members) await tx.remove(membership, id);
        await takeOutOfTeams(tx, input.person, input.organisation);
        // One that was handed out here must not open what they are given elsewhere.
        await sessions.dropLinks(tx, input.person);
        tx.emit({ event: 'people.personChanged', person: input.person });
        return {};
      }),

    disablePerson: (input, { caller }) =>
      store.change(caller.author, async (tx) => {
        if (input.disabled) await mustLeaveAnAdministrator(tx, { person: input.person });
        const merged = await inside(tx)
          .selectFrom('people')
          .select('id')
          .where('id', '=', input.person)
          .where('mergedInto', 'is not', null)
          .executeTakeFirst();
        if (merged) throw new Refusal('conflict', 'This account was merged into another one, and stays closed.');
        await tx.update(person, input.person, { disabledAt: input.disabled ? tx.now() : null });
        if (input.disabled) {
          await sessions.end(tx, { person: input.person });
          await sessions.end(tx, { seenAs: input.person });
          await sessions.dropLinks(tx, input.person);
        }
        tx.emit({ event: 'people.personChanged', person: input.person });
        return {};
      }),

    grantRole: (input, call) =>
      store.change(call.caller.author, async (tx) => {
        const place = call.place as TreePlace;
        mustBeGrantable(call, input.role, place);
        const known = await inside(tx)
          .selectFrom('people')
          .select('id')
          .where('id', '=', input.person)
          .where('deletedAt', 'is', null)
          .where('mergedInto', 'is', null)
          .where('machine', '=', 0)
          .executeTakeFirst();
        if (known === undefined || !(await mayBeNamed(tx, call, input.person, place)))
          throw new Refusal('notFound', 'There is no such person here.');
        // The new one first: in the organisation the person stays, and of two administrators the last one does.
        const given = await giveRole(tx, input.person, input.role, place, call.caller.person);
        for (const id of input.instead ?? []) if (id !== given) await takeAway(tx, call, id, input);
        return { grant: given };
      }),

    revokeRole: (input, call) =>
      store.change(call.caller.author, async (tx) => {
        await takeAway(tx, call, input.grant);
        return {};
      }),
  };

  /** `of`: whose it must be, and where. */
  async function takeAway(tx: Tx, call: Call, id: Id, of?: { person: Id; at: RoleGrant['at'] }): Promise<void> {
    const given = await inside(tx).selectFrom('grants').selectAll().where('id', '=', id).where('deletedAt', 'is', null).executeTakeFirst();
    if (given === undefined || (of !== undefined && (given.person !== of.person || given.at !== grantText(of.at))))
      throw new Refusal('notFound', 'This role has been taken away already.');
    mustBeGrantable(call, given.role as Role, call.place as TreePlace);
    const { machine } = await inside(tx).selectFrom('people').select('machine').where('id', '=', given.person).executeTakeFirstOrThrow();
    if (machine === 1) throw new Refusal('conflict', 'This is the role of a key. Revoke the key instead.');
    if (given.role === 'platformAdmin') await mustLeaveAnAdministrator(tx, { person: given.person, grant: given.id });
    await tx.remove(grant, given.id);
    tx.emit({
      event: 'people.grantsChanged',
      person: given.person,
      by: call.caller.person,
      role: given.role,
      where: await nameOf(tx, call.place as TreePlace),
      given: false,
    });
  }

  /** Whoever opens the way into an account is as good as its owner: it must not lift an administrator of one organisation into another. */
  async function mustBeWhollyOurs(tx: Tx, caller: Caller, { person, organisation }: { person: Id; organisation: Id }): Promise<void> {
    const member = await inside(tx)
      .selectFrom('memberships')
      .select('person')
      .where('person', '=', person)
      .where('organisation', '=', organisation)
      .where('deletedAt', 'is', null)
      .executeTakeFirst();
    if (member === undefined) throw new Refusal('notFound', 'This person does not belong to the organisation.');
    const scopes = await scopesOfRoles(tx, person);
    const outside = scopes.some((scope) => scope !== `org:${organisation}`);
    if (outside && !caller.may('platform.administer', { kind: 'platform' }))
      throw new Refusal('forbidden', 'This person has a role outside your organisation. Ask a platform administrator.');
  }

  /** A person of another organisation cannot be drawn in by their id: they are invited by e-mail. */
  async function mayBeNamed(tx: Tx, call: Call, who: Id, place: TreePlace): Promise<boolean> {
    if (call.caller.may('platform.administer', { kind: 'platform' })) return true;
    if (place.kind === 'platform') return false;
    const member = await inside(tx)
      .selectFrom('memberships')
      .select('id')
      .where('person', '=', who)
      .where('organisation', '=', place.organisation)
      .where('deletedAt', 'is', null)
      .executeTakeFirst();
    return member !== undefined;
  }
}
