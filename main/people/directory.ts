// What every single request needs to know: sites, teams, roles, sessions. Kept in memory, forgotten when a fact says it changed.

import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import {
  allows,
  countsWithout,
  type Grant,
  meet,
  type Place,
  type Role,
  type RoleGrant,
  type TeamGrant,
  type TeamRole,
  type TreePlace,
} from '../../contract/permissions.ts';
import type { PlaceRef } from '../../contract/procedure.ts';
import type { Station } from '../area.ts';
import type { Seen } from '../caller.ts';
import type { Entity } from '../store/entities.ts';
import type { PeopleTables } from './entities.ts';
import { digestOf } from './tokens.ts';

export type SessionFacts = {
  person: Id;
  session: Id;
  /** When it ends if it is not used any more. */
  endsAt: number;
  grants: readonly Grant[];
  /** As whom the person sees the station: `grants` are those that both have. */
  seen: Seen | undefined;
  /** A key, and nobody of flesh and blood. */
  machine: boolean;
  /** Has proven a short while ago who sits there. */
  confirmed: boolean;
};

/** What router and streams ask people before they let anything happen. */
export type Authority = {
  /** The living session behind a token, with the person's present roles. To ask is to use it, unless one only looks whether it still lives. */
  session(token: string | undefined, why?: 'use' | 'look'): Promise<SessionFacts | undefined>;
  placeOf(ref: PlaceRef): Promise<Place | undefined>;
  organisationOf(site: Id): Id | undefined;
};

export type Directory = Authority & {
  grantsOf(person: Id): Promise<readonly Grant[]>;
  /** The rights with which one sees the station as another, or why one may not just now. */
  viewOf(by: Id, seen: Seen): Promise<readonly Grant[] | Refusal>;
  stationPlace(): Promise<TreePlace>;
};

type Team = Extract<Place, { kind: 'team' }>;
type Site = Extract<Place, { kind: 'site' }> & { archived: boolean };
type Session = {
  id: Id;
  person: Id;
  expiresAt: number;
  seenAt: number;
  confirmedAt: number;
  machine: number;
  seenAs: Id | null;
  seenIn: Id | null;
};

/** A session that nobody uses ends by itself; the key of a machine does not. */
export const IDLE_MS = 7 * 24 * 60 * 60_000;
/** How long a proof is good for critical acts. */
export const CONFIRMED_MS = 10 * 60_000;
/** From here on those that have expired are looked for when one more comes. */
const MOST_REMEMBERED = 1_000;
/** How often a session's last use is written down. */
const SEEN_MS = 60_000;

export function openDirectory({ store, clock, log }: Station, entities: readonly Entity[]): Directory {
  const read = () => store.read as Kysely<PeopleTables>;
  const tables = new Map(entities.map((entity) => [entity.name, entity.table]));
  let sites = new Map<Id, Site>();
  /** From which role on each asks for a second factor. */
  let organisations = new Map<Id, Role | null>();
  let teams = new Map<Id, Team>();
  const grants = new Map<Id, readonly Grant[]>();
  const sessions = new Map<string, Session>();
  // What was being read while a fact said it changed is not kept: it may be the state before.
  const told = { sites: 0, grants: 0, sessions: 0 };
  let loading: Promise<void> | undefined;
  let loaded = false;

  /** Sites, organisations and teams as they are now; read anew after a fact told of a change. */
  const fresh = (): Promise<void> => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };

  async function load(): Promise<void> {
    const before = told.sites;
    const rows = await read().selectFrom('sites').selectAll().where('deletedAt', 'is', null).execute();
    const all = await read().selectFrom('organisations').select(['id', 'secondFactorFrom']).where('deletedAt', 'is', null).execute();
    const some = await read().selectFrom('teams').select(['id', 'organisation']).where('deletedAt', 'is', null).execute();
    if (before !== told.sites) return fresh();
    sites = new Map(
      rows.map((row) => [
        row.id,
        {
          kind: 'site',
          organisation: row.organisation,
          site: row.id,
          operatorsControl: row.operatorsControl === 1,
          workAllowed: row.workAllowed === 1,
          archived: row.archivedAt !== null,
        },
      ]),
    );
    organisations = new Map(all.map(({ id, secondFactorFrom }) => [id, secondFactorFrom as Role | null]));
    teams = new Map(some.map(({ id, organisation }) => [id, { kind: 'team', organisation, team: id }]));
    loaded = true;
  }

  store.events.subscribe((event) => {
    switch (event.event) {
      case 'people.grantsChanged':
      case 'people.rightsChanged':
        told.grants += 1;
        grants.delete(event.person);
        break;
      case 'people.siteChanged':
      case 'people.organisationChanged':
      case 'people.teamChanged':
        told.sites += 1;
        // What an organisation asks for decides which roles count.
        told.grants += 1;
        grants.clear();
        loading = undefined;
        loaded = false;
        break;
      case 'people.sessionEnded':
      case 'people.sessionConfirmed':
        told.sessions += 1;
        for (const [token, session] of sessions) if (session.id === event.session) sessions.delete(token);
        break;
    }
  });

  async function grantsOf(person: Id): Promise<readonly Grant[]> {
    const known = grants.get(person);
    if (known) return known;
    const before = told.grants;
    const rows = await read()
      .selectFrom('grants')
      .select(['role', 'at'])
      .where('person', '=', person)
      .where('deletedAt', 'is', null)
      .orderBy('id')
      .execute();
    const memberships = await teamsOf(read(), person);
    const proven = await hasSecondFactor(person);
    await fresh();
    if (before !== told.grants) return grantsOf(person);
    const given: Grant[] = rows.map((row) => ({ role: row.role as Role, at: grantPlace(row.at) }));
    const found = [...given, ...memberships.map(teamGrant)].filter((grant) => proven || counts(grant));
    grants.set(person, found);
    return found;
  }

  /** A key has nobody who could hold a phone. */
  async function hasSecondFactor(person: Id): Promise<boolean> {
    const row = await read()
      .selectFrom('people')
      .leftJoin('phone', 'phone.person', 'people.id')
      .select(['people.machine', 'phone.confirmedAt'])
      .where('people.id', '=', person)
      .executeTakeFirst();
    return row !== undefined && (row.machine === 1 || row.confirmedAt !== null);
  }

  /** Without a second factor. */
  function counts({ role, at }: Grant): boolean {
    if (at.kind === 'platform') return true;
    const organisation = at.kind === 'site' ? sites.get(at.site)?.organisation : at.organisation;
    return countsWithout(organisations.get(organisation ?? '') ?? null, role);
  }

  async function sessionOf(token: string): Promise<Session | undefined> {
    const known = sessions.get(token);
    if (known && endOf(known) <= clock()) sessions.delete(token);
    else if (known) return known;
    const before = told.sessions;
    const session = await read()
      .selectFrom('session')
      .innerJoin('people', 'people.id', 'session.person')
      .select(['session.id', 'session.person', 'session.expiresAt', 'session.seenAt', 'session.confirmedAt', 'people.machine'])
      .select(['session.seenAs', 'session.seenIn'])
      .where('session.tokenDigest', '=', digestOf(token))
      .where('people.disabledAt', 'is', null)
      .where('people.deletedAt', 'is', null)
      .executeTakeFirst();
    if (before !== told.sessions) return sessionOf(token);
    if (session) keep(token, session);
    return session;
  }

  function keep(token: string, session: Session): void {
    if (sessions.size >= MOST_REMEMBERED) for (const [known, session] of sessions) if (endOf(session) <= clock()) sessions.delete(known);
    sessions.set(token, session);
  }

  /** Everything at hand already, as it nearly always is: every single request comes by here. */
  function remembered(token: string, use: boolean): SessionFacts | undefined {
    const session = sessions.get(token);
    const own = session && grants.get(session.person);
    if (!loaded || own === undefined || session === undefined || session.seenAs !== null) return undefined;
    const now = clock();
    if (endOf(session) <= now || (use && now - session.seenAt > SEEN_MS)) return undefined;
    return factsOf(session, own, now);
  }

  async function facts(session: Session | undefined, use: boolean): Promise<SessionFacts | undefined> {
    if (session === undefined || endOf(session) <= clock()) return undefined;
    await fresh();
    if (use && clock() - session.seenAt > SEEN_MS) seen(session);
    if (session.seenAs === null) return factsOf(session, await grantsOf(session.person), clock());
    const view = { person: session.seenAs, organisation: session.seenIn };
    // Whatever took the right to it away: from then on it does not exist, whether its end is written down yet or not.
    const shared = await viewOf(session.person, view);
    return shared instanceof Refusal ? undefined : factsOf(session, shared, clock(), view);
  }

  async function viewOf(by: Id, seen: Seen): Promise<readonly Grant[] | Refusal> {
    if (by === seen.person) return new Refusal('conflict', 'This is you.');
    await fresh();
    const place: Place | undefined =
      seen.organisation === null
        ? { kind: 'platform' }
        : organisations.has(seen.organisation)
          ? { kind: 'organisation', organisation: seen.organisation }
          : undefined;
    const [own, theirs] = await Promise.all([grantsOf(by), grantsOf(seen.person)]);
    if (place === undefined || !allows(own, 'organisation.people', place)) return new Refusal('forbidden', 'You may not do this here.');
    const person = await read()
      .selectFrom('people')
      .select('disabledAt')
      .where('id', '=', seen.person)
      .where('deletedAt', 'is', null)
      .where('machine', '=', 0)
      .executeTakeFirst();
    if (person === undefined || (seen.organisation !== null && !(await isMember(seen.person, seen.organisation))))
      return new Refusal('notFound', 'There is no such person here.');
    if (person.disabledAt !== null) return new Refusal('conflict', 'This person is barred, and sees nothing.');
    const organisationOf = (site: Id) => sites.get(site)?.organisation;
    const here: Grant[] = [{ role: 'platformAdmin', at: placeAsGrant(place) }];
    const inside = theirs.filter((grant) => meet([grant], here, organisationOf).length > 0);
    // Where what both have in common is the very role at the very place.
    const covered = (grant: Grant) => meet([grant], own, organisationOf).some(({ role, at }) => role === grant.role && at === grant.at);
    if (!inside.every(covered)) return new Refusal('forbidden', 'This person may do more than you.');
    return meet(meet(theirs, own, organisationOf), here, organisationOf);
  }

  async function isMember(person: Id, organisation: Id): Promise<boolean> {
    const member = await read()
      .selectFrom('memberships')
      .select('id')
      .where('person', '=', person)
      .where('organisation', '=', organisation)
      .where('deletedAt', 'is', null)
      .executeTakeFirst();
    return member !== undefined;
  }

  function seen(session: Session): void {
    session.seenAt = clock();
    store
      .change({ person: null, session: null, action: 'people.seen', from: 'station', organisation: null, site: null }, async (tx) => {
        await (tx.db as Kysely<PeopleTables>).updateTable('session').set({ seenAt: session.seenAt }).where('id', '=', session.id).execute();
      })
      .catch((error) => log.warn({ error, area: 'people', event: 'seen' }, 'last use of a session was not written'));
  }

  /** The narrowest place that holds all sites of this station. */
  function stationPlace(): TreePlace {
    const own = [...sites.values()].filter((site) => !site.archived);
    const [first] = own;
    if (first === undefined) return { kind: 'platform' };
    if (own.length === 1) return first;
    return own.every((site) => site.organisation === first.organisation)
      ? { kind: 'organisation', organisation: first.organisation }
      : { kind: 'platform' };
  }

  async function recordPlace(entity: string, id: Id): Promise<Place | undefined> {
    if (entity === 'site') return sites.get(id);
    if (entity === 'organisation') return organisations.has(id) ? { kind: 'organisation', organisation: id } : undefined;
    const table = tables.get(entity);
    if (table === undefined) return undefined;
    const row = await read()
      .selectFrom(table as 'grants')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    // A role belongs to the place it is given at, and a team is one, though both are kept with the organisation.
    return teams.get(id) ?? scopePlace(entity === 'grant' ? row.at : row.scope);
  }

  function scopePlace(scope: string): Place | undefined {
    if (scope === 'platform') return { kind: 'platform' };
    const [kind, id] = scope.split(':') as [string, Id];
    if (kind === 'site') return sites.get(id);
    if (kind === 'team') return teams.get(id);
    if (kind === 'org' && organisations.has(id)) return { kind: 'organisation', organisation: id };
    return undefined;
  }

  return {
    grantsOf,
    viewOf,
    async session(token, why = 'use') {
      if (token === undefined) return undefined;
      const use = why === 'use';
      return remembered(token, use) ?? facts(await sessionOf(token), use);
    },
    organisationOf: (id) => sites.get(id)?.organisation,
    async stationPlace() {
      await fresh();
      return stationPlace();
    },
    async placeOf(ref) {
      await fresh();
      if (ref === 'platform') return { kind: 'platform' };
      if (ref === 'station') return stationPlace();
      if ('site' in ref) return sites.get(ref.site);
      if ('team' in ref) return teams.get(ref.team);
      if ('organisation' in ref)
        return organisations.has(ref.organisation) ? { kind: 'organisation', organisation: ref.organisation } : undefined;
      return recordPlace(ref.record, ref.id);
    },
  };
}

const endOf = ({ expiresAt, seenAt, machine }: Session): number => (machine === 1 ? expiresAt : Math.min(expiresAt, seenAt + IDLE_MS));

/** A proof of tomorrow, where the clock was set back, is none. */
const factsOf = (session: Session, grants: readonly Grant[], now: number, seen?: Seen): SessionFacts => ({
  person: session.person,
  session: session.id,
  endsAt: endOf(session),
  grants,
  seen,
  machine: session.machine === 1,
  confirmed: session.confirmedAt <= now && now - session.confirmedAt < CONFIRMED_MS,
});

/** The teams of a person, with what they are in each. */
export const teamsOf = (db: Kysely<PeopleTables>, person: Id) =>
  db
    .selectFrom('teamMembers')
    .innerJoin('teams', 'teams.id', 'teamMembers.team')
    .select(['teams.id', 'teams.organisation', 'teams.key', 'teams.name', 'teamMembers.role'])
    .where('teamMembers.person', '=', person)
    .where('teamMembers.deletedAt', 'is', null)
    .where('teams.deletedAt', 'is', null)
    .orderBy('teams.name')
    .orderBy('teams.id')
    .execute();

export const teamGrant = ({ id, organisation, role }: { id: Id; organisation: Id; role: string }): TeamGrant => ({
  role: role as TeamRole,
  at: { kind: 'team', organisation, team: id },
});

/** 'site:<id>' ⇄ {kind: 'site', site: id} */
export function grantPlace(at: string): RoleGrant['at'] {
  const [kind, id = ''] = at.split(':');
  if (kind === 'platform') return { kind };
  return kind === 'site' ? { kind: 'site', site: id } : { kind: 'organisation', organisation: id };
}

export function grantText(at: RoleGrant['at']): string {
  if (at.kind === 'platform') return 'platform';
  return at.kind === 'site' ? `site:${at.site}` : `org:${at.organisation}`;
}

/** Where a role is given, with the organisation the place belongs to. */
export type RolePlace = { kind: 'platform' } | { kind: 'organisation'; organisation: Id } | { kind: 'site'; organisation: Id; site: Id };

export function placeAsGrant(place: RolePlace): RoleGrant['at'] {
  if (place.kind === 'platform') return { kind: 'platform' };
  return place.kind === 'site' ? { kind: 'site', site: place.site } : { kind: 'organisation', organisation: place.organisation };
}
