// The shared records of people, and the tables that stay at this station.
import { boolean, entity, json, optionalText, optionalTime, type Table, text } from '../store/entities.ts';
import type { LastChangeRow } from '../store/index.ts';
import type { LoggedOp } from '../store/log.ts';

export const organisation = entity({
  name: 'organisation',
  table: 'organisations',
  scope: ['platform'],
  fields: {
    key: text(),
    name: text(),
    archivedAt: optionalTime(),
    /** The lowest role whose rights count only with a second factor; null: none. */
    secondFactorFrom: optionalText(),
  },
  authority: 'hub',
});

export const site = entity({
  name: 'site',
  table: 'sites',
  scope: ['site'],
  fields: {
    organisation: text(),
    key: text(),
    name: text(),
    timeZone: text('UTC'),
    operatorsControl: boolean(),
    workAllowed: boolean(),
    /** '22:00-06:00' by the clock of the site; null: none. */
    quietHours: optionalText(),
    archivedAt: optionalTime(),
  },
  authority: 'anyone',
});

/** A building or a system: the tree between a site and its devices. */
export const place = entity({
  name: 'place',
  table: 'places',
  scope: ['site'],
  fields: {
    site: text(),
    parent: optionalText(),
    kind: text('building'),
    key: text(),
    name: text(),
    rank: text(),
  },
  authority: 'anyone',
});

export const person = entity({
  name: 'person',
  table: 'people',
  scope: ['platform'],
  fields: {
    email: text('', { personal: true }),
    /** The address folded to lower case: what sign-in looks for. */
    emailKey: text('', { personal: true }),
    name: text('', { personal: true }),
    picture: optionalText({ personal: true, blob: true }),
    pictureType: optionalText(),
    disabledAt: optionalTime(),
    /** When somebody last came in by a link that was mailed to this address. */
    emailVerifiedAt: optionalTime(),
    /** Stands for a key. */
    machine: boolean(),
    /** Who made the key. */
    madeBy: optionalText(),
    /** Was found to be the same human as this one, who has everything since. */
    mergedInto: optionalText(),
  },
  authority: 'hub',
});

export const membership = entity({
  name: 'membership',
  table: 'memberships',
  scope: ['org'],
  fields: { person: text('', { about: 'person' }), organisation: text() },
  authority: 'hub',
});

export const grant = entity({
  name: 'grant',
  table: 'grants',
  scope: ['platform', 'org'],
  fields: {
    person: text('', { about: 'person' }),
    role: text('viewer'),
    /** 'platform', 'org:<id>' or 'site:<id>'. */
    at: text(),
  },
  authority: 'hub',
});

export const team = entity({
  name: 'team',
  table: 'teams',
  scope: ['org'],
  fields: { organisation: text(), key: text(), name: text() },
  authority: 'hub',
});

/** Its id is '<team>:<person>', so that nobody is in a team twice. */
export const teamMember = entity({
  name: 'teamMember',
  table: 'teamMembers',
  scope: ['org'],
  fields: { team: text('', { about: 'team' }), person: text('', { about: 'person' }), role: text('member') },
  authority: 'hub',
});

/** A personal choice. Its id is '<person>:<name>', so that two screens setting it meet in one record. */
export const preference = entity({
  name: 'preference',
  table: 'preferences',
  scope: ['user'],
  fields: { person: text(), name: text(), value: json<string | number | boolean | null>(null) },
  authority: 'anyone',
});

export const entities = [organisation, site, place, person, membership, grant, team, teamMember, preference];

export type PeopleTables = {
  organisations: Table<typeof organisation>;
  sites: Table<typeof site>;
  places: Table<typeof place>;
  people: Table<typeof person>;
  memberships: Table<typeof membership>;
  grants: Table<typeof grant>;
  teams: Table<typeof team>;
  teamMembers: Table<typeof teamMember>;
  preferences: Table<typeof preference>;
  credential: { person: string; hash: string; changedAt: number };
  session: {
    id: string;
    tokenDigest: string;
    person: string;
    createdAt: number;
    seenAt: number;
    expiresAt: number;
    source: string;
    agent: string;
    /** When somebody last proved here who they are. */
    confirmedAt: number;
    /** As whom its person sees the station, of which organisation alone, and from which session of theirs. */
    seenAs: string | null;
    seenIn: string | null;
    parent: string | null;
  };
  signInLink: {
    secretDigest: string;
    person: string;
    createdAt: number;
    expiresAt: number;
    /** Made at the station's own console, where somebody may have lost the phone as well. */
    replacesPhone: number;
    /** The address it goes to, and nowhere else; null where somebody hands it over. */
    mailedTo: string | null;
    /** When the mail server took it. */
    mailedAt: number | null;
  };
  phone: {
    person: string;
    createdAt: number;
    confirmedAt: number | null;
    ahead: number;
    lastStep: number;
    doubtStep: number | null;
    doubtAhead: number | null;
  };
  recoveryCode: { person: string; digest: string };
  rememberedDevice: { tokenDigest: string; person: string; createdAt: number; expiresAt: number; agent: string };
  audit: {
    incarnation: string;
    seq: number;
    at: number;
    actor: string | null;
    session: string | null;
    action: string;
    outcome: 'done' | 'refused' | 'failed';
    organisation: string | null;
    site: string | null;
    seenAs: string | null;
    digest: string;
    hash: string;
  };
  auditDetail: { incarnation: string; seq: number; salt: string; body: string };
  /** Which records each row of the audit changed. */
  auditThing: { entity: string; id: string; at: number; incarnation: string; seq: number };
  op: LoggedOp;
  lastChange: LastChangeRow;
};
