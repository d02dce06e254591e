// Who is asking: a person behind a session, with what they may do. Handlers get this and nothing else about the request.

import type { Id } from '../contract/ids.ts';
import { allows, type Grant, type Permission, type Place, sees } from '../contract/permissions.ts';
import type { Author } from './store/index.ts';

/** A request's way in: what a handler may know of it without a session. */
export type Origin = {
  /** An address, or 'console' for the station's own machine. */
  from: string;
  /** The request comes from the machine the station runs on, and through no proxy. */
  local: boolean;
  agent: string;
  /** Where the asking page lies: 'https://plant.example'. Left out where no other machine could open it. */
  page?: string | undefined;
  /** What a trusted proxy wrote into the header by which it names whom it has signed in: nobody has looked yet what it is. */
  named?: string | undefined;
};

/** As whom somebody sees the station, and how much of it: one organisation's part, or everything. */
export type Seen = { person: Id; organisation: Id | null };

export type Caller = {
  /** Whose station this is: what is theirs is shown, by the rights in `grants`. */
  person: Id;
  session: Id;
  grants: readonly Grant[];
  origin: Origin;
  may(permission: Permission, place: Place): boolean;
  sees(place: Place): boolean;
  /** Set where somebody else looks at the station as this person does. */
  seenBy: { person: Id; organisation: Id | null } | undefined;
  /** What store.change writes beside everything this call changes. */
  author: Author;
};

export type CallerFacts = {
  person: Id;
  session: Id;
  grants: readonly Grant[];
  origin: Origin;
  action: string;
  place: Place | undefined;
  opId: Id | undefined;
  /** Whoever did it can take it back. */
  undoable?: boolean;
  seen?: Seen | undefined;
  organisationOf(site: Id): Id | undefined;
};

export function caller(facts: CallerFacts): Caller {
  const { person, session, grants, origin, action, place, opId, seen } = facts;
  return {
    person: seen?.person ?? person,
    session,
    grants,
    origin,
    may: (permission, at) => allows(grants, permission, at),
    sees: (at) => sees(grants, at, facts.organisationOf),
    seenBy: seen && { person, organisation: seen.organisation },
    author: {
      person,
      session,
      action,
      from: origin.from,
      ...auditPlace(place),
      opId,
      seenAs: seen?.person,
      undoable: facts.undoable ? { action, again: false } : undefined,
    },
  };
}

/** How a place is written in the audit. */
export function auditPlace(place: Place | undefined): { organisation: Id | null; site: Id | null } {
  return {
    organisation: place !== undefined && place.kind !== 'platform' ? place.organisation : null,
    site: place?.kind === 'site' ? place.site : null,
  };
}
