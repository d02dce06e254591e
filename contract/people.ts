// people: accounts, organisations, sites and their tree, roles and grants, sessions, audit.
import { z } from 'zod';
import { EXAMPLE } from './examples.ts';
import { PERMISSIONS, type Permission, ROLES } from './permissions.ts';
import { area, command, noSession, ownAccount, ownSession, question, stream } from './procedure.ts';
import * as v from './values.ts';

export const grantPlace = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('platform') }),
  z.strictObject({ kind: z.literal('organisation'), organisation: v.id }),
  z.strictObject({ kind: z.literal('site'), site: v.id }),
]);
export type GrantPlace = z.infer<typeof grantPlace>;

const role = z.enum(ROLES);
const grant = z.object({ id: v.id, person: v.id, role, at: grantPlace });
/** Roles of an organisation and its sites. */
const organisationRole = z.enum(['viewer', 'operator', 'siteManager', 'organisationAdmin']);
const organisation = z.object({
  id: v.id,
  key: v.key,
  name: z.string(),
  archivedAt: v.time.nullable(),
  secondFactorFrom: organisationRole
    .nullable()
    .describe('From this role on rights count only with a second factor; null: nobody is asked.'),
});
const site = z.object({
  id: v.id,
  organisation: v.id,
  key: v.key,
  name: z.string(),
  timeZone: z.string(),
  operatorsControl: z.boolean(),
  workAllowed: z.boolean(),
  archivedAt: v.time.nullable(),
});
const place = z.object({
  id: v.id,
  site: v.id,
  parent: v.id.nullable(),
  kind: z.enum(['building', 'system']),
  key: v.key,
  name: z.string(),
  rank: z.string(),
});
const person = z.object({
  id: v.id,
  email: z.string(),
  name: z.string(),
  picture: z.string().nullable().describe('Changes whenever the picture does; null without one.'),
  disabledAt: v.time.nullable(),
  machine: z.boolean().describe('Stands for a key, and for nobody of flesh and blood.'),
});
const keyRole = z.enum(['viewer', 'operator', 'siteManager']);
const machineKey = z.object({
  id: v.id,
  name: z.string(),
  role: keyRole,
  createdAt: v.time,
  createdBy: z.string().nullable(),
  seenAt: v.time.nullable().describe('null: not used yet.'),
  expiresAt: v.time.nullable().describe('null: good until it is revoked.'),
});
const listed = person.extend({
  grants: z.array(grant),
  may: z
    .array(z.enum(Object.keys(PERMISSIONS) as [Permission, ...Permission[]]))
    .describe('What they may do at the place that was asked about, by all roles they have.'),
  hasPassword: z.boolean(),
  hasSecondFactor: z.boolean(),
});
const session = z.object({
  id: v.id,
  createdAt: v.time,
  seenAt: v.time,
  expiresAt: v.time,
  from: z.string(),
  agent: z.string(),
  current: z.boolean(),
});
const preferenceValue = z.union([v.plain(4096), z.number(), z.boolean()]);

export const me = z.object({
  person,
  grants: z.array(grant),
  organisations: z.array(organisation),
  sites: z.array(site),
  preferences: z.record(z.string(), preferenceValue),
  session: z.object({ id: v.id, expiresAt: v.time }),
  hasSecondFactor: z.boolean(),
  secondFactorNeeded: z.boolean().describe('Some of the roles count only once there is a second factor; grants holds the others.'),
  hasPassword: z.boolean().describe('false until a person who came by a link has chosen one.'),
  station: z.object({
    id: v.id,
    key: v.key,
    name: z.string(),
    version: z.string(),
    at: grantPlace.describe('The narrowest place that holds all sites of the station: where rights over the station itself are judged.'),
  }),
});
export type Me = z.infer<typeof me>;

const who = z.object({ id: v.id, name: z.string().nullable().describe('null once the person has been erased') });
const change = z.object({
  entity: z.string(),
  id: z.string(),
  field: z.string(),
  before: z.json(),
  after: z.json(),
});
const outcome = z.enum(['done', 'refused', 'failed']);
export const auditEntry = z.object({
  incarnation: v.id,
  seq: z.int(),
  at: v.time,
  actor: who.nullable().describe('null: the station itself, or somebody without a session'),
  action: z.string(),
  outcome,
  organisation: v.id.nullable(),
  site: v.id.nullable(),
  from: z.string(),
  message: z.string().nullable(),
  changes: z.array(change).nullable().describe('null once erased'),
});
export type AuditEntry = z.infer<typeof auditEntry>;

/** Which part of the audit is asked for. What is left out does not narrow it. */
const auditFilter = z.strictObject({
  site: v.id.optional(),
  organisation: v.id.optional(),
  person: v.id.optional().describe('Who did it, or tried to.'),
  from: v.time.optional().describe('Nothing older than this moment.'),
  to: v.time.optional().describe('Only what is older than this moment.'),
  outcome: outcome.optional(),
});
export type AuditFilter = z.infer<typeof auditFilter>;
/** The same right whether it is read, watched or saved. */
const auditNeeds = {
  permission: 'site.audit',
  at: (input: Pick<AuditFilter, 'site' | 'organisation'>) =>
    input.site ? { site: input.site } : input.organisation ? { organisation: input.organisation } : 'platform',
} as const;

const picture = z.strictObject({
  type: z.enum(['image/png', 'image/jpeg', 'image/webp']),
  data: z.base64().max(350_000).describe('256 KiB at most'),
});

const code = v.plain(16);
const recoveryCodes = z.array(z.string()).describe('Ten codes, each good once in the place of the phone. Shown now and never again.');
const token = z.object({ token: z.string().describe('Send it as “Authorization: Bearer …”.') });

export const people = area('people', {
  // ---- without a session
  setUpState: question({
    summary: 'Does this station still wait for its first administrator?',
    input: v.nothing,
    needs: noSession,
    output: z.object({ needed: z.boolean(), codeNeeded: z.boolean() }),
    example: {},
  }),
  setUp: command({
    summary: 'Set a new station up: first organisation, first site, first administrator. Works once.',
    input: z.strictObject({
      organisation: v.name,
      site: v.name,
      timeZone: v.timeZone.optional(),
      admin: z.strictObject({ email: v.email, name: v.name, password: v.password }),
      code: v.plain(64).optional().describe('Printed where the station was started; not asked on the machine itself.'),
    }),
    needs: noSession,
    output: token,
    example: {
      organisation: 'Nordwerk',
      site: 'Works 1',
      timeZone: 'Europe/Berlin',
      admin: { email: 'ada@example.org', name: 'Ada Admin', password: 'a long enough phrase' },
    },
  }),
  signIn: command({
    summary: 'Sign in with e-mail and password.',
    input: z.strictObject({
      email: v.plain(254),
      password: v.plain(256),
      totp: code.optional().describe('Read only for an account that has a second factor: the phone’s code, or a recovery code.'),
      device: v.plain(128).optional().describe('Given by an earlier sign-in that asked to be remembered: stands for the code.'),
      remember: v.yes.optional().describe('Remember this device for 30 days: the answer holds its token.'),
    }),
    needs: noSession,
    output: token.extend({ device: z.string().optional() }),
    example: { email: 'ada@example.org', password: 'a long enough phrase' },
  }),
  signInByLink: command({
    summary: 'Sign in by a one-time link, as printed at a first start or handed to a new person.',
    input: z.strictObject({ secret: v.plain(128), totp: code.optional().describe('As for signIn.') }),
    needs: noSession,
    output: token,
    example: { secret: 'the part after # in the link' },
  }),

  signInByKey: command({
    summary: 'Sign a screen in that nobody sits at, by its key. The session is the key itself: it ends when the key is revoked.',
    input: z.strictObject({ key: v.plain(128) }),
    needs: noSession,
    output: token,
    example: { key: 'as shown once, when the key was made' },
  }),

  // ---- about oneself
  signOut: command({ summary: 'End this session.', needs: ownAccount, input: v.nothing, output: v.nothing, example: {} }),
  me: question({ summary: 'Who am I, and what may I see?', needs: ownSession, input: v.nothing, output: me, example: {} }),
  updateMe: command({
    summary: 'Change my own name.',
    input: z.strictObject({ name: v.name, opId: v.opId }),
    needs: ownAccount,
    output: v.nothing,
    example: { name: 'Ada A. Admin' },
  }),
  changePassword: command({
    summary: 'Change my own password. Every other session of mine ends.',
    input: z.strictObject({
      current: v.plain(256).optional().describe('May be left out only while the account has no password yet.'),
      password: v.password,
    }),
    needs: ownAccount,
    output: v.nothing,
    example: { current: 'a long enough phrase', password: 'another long phrase' },
  }),
  setPicture: command({
    summary: 'Set or remove my own picture.',
    input: z.strictObject({ picture: picture.nullable(), opId: v.opId }),
    needs: ownAccount,
    output: v.nothing,
    example: { picture: { type: 'image/png', data: EXAMPLE.pixel } },
  }),
  picture: question({
    summary: 'A person’s picture.',
    input: z.strictObject({ person: v.id }),
    needs: ownSession,
    output: z.object({ picture: picture.nullable() }),
    example: { person: EXAMPLE.admin },
  }),
  listSessions: question({
    summary: 'My own sessions, newest first.',
    input: v.nothing,
    needs: ownSession,
    output: z.object({ sessions: z.array(session) }),
    example: {},
  }),
  revokeSession: command({
    summary: 'End one of my own sessions.',
    input: z.strictObject({ session: v.id }),
    needs: ownAccount,
    output: v.nothing,
    example: { session: EXAMPLE.session },
  }),
  revokeOtherSessions: command({
    summary: 'End all of my own sessions but this one.',
    input: z.strictObject({ opId: v.opId }),
    needs: ownAccount,
    output: v.nothing,
    example: {},
  }),
  confirmSession: command({
    summary: 'Prove that it is still you, by your password or a code, before a critical act. Good for ten minutes.',
    input: z.strictObject({ password: v.plain(256).optional(), totp: code.optional() }),
    needs: ownAccount,
    output: z.object({ until: v.time }),
    example: { password: 'a long enough phrase' },
  }),
  secondFactor: question({
    summary: 'My second factor: since when, how many recovery codes are left, and which devices are remembered.',
    input: v.nothing,
    needs: ownSession,
    output: z.object({
      since: v.time.nullable().describe('null: there is none.'),
      recoveryCodesLeft: z.int(),
      devices: z.array(z.object({ createdAt: v.time, agent: z.string() })),
    }),
    example: {},
  }),
  beginSecondFactor: command({
    summary: 'Begin with a second factor: a secret for an authenticator app. Nothing is asked for before it is confirmed.',
    input: v.nothing,
    needs: ownAccount,
    critical: true,
    output: z.object({ secret: z.string(), address: z.string().describe('otpauth://…, for a QR code.') }),
    example: {},
  }),
  confirmSecondFactor: command({
    summary: 'Confirm it by a first code. From now on every sign-in asks for one.',
    input: z.strictObject({ code }),
    needs: ownAccount,
    output: z.object({ recoveryCodes }),
    example: { code: '287082' },
  }),
  renewRecoveryCodes: command({
    summary: 'Ten new recovery codes; those until now count no more.',
    input: v.nothing,
    needs: ownAccount,
    critical: true,
    output: z.object({ recoveryCodes }),
    example: {},
  }),
  removeSecondFactor: command({
    summary: 'Remove the second factor from my account.',
    input: v.nothing,
    needs: ownAccount,
    critical: true,
    output: v.nothing,
    example: {},
  }),
  forgetDevices: command({
    summary: 'Ask for a code on every device of mine again.',
    input: v.nothing,
    needs: ownAccount,
    output: v.nothing,
    example: {},
  }),
  setPreference: command({
    summary: 'Remember a choice of mine, like the theme, on every screen I use.',
    input: z.strictObject({ name: v.key, value: preferenceValue, opId: v.opId }),
    needs: ownSession,
    output: v.nothing,
    example: { name: 'theme', value: 'dark' },
  }),

  // ---- organisations and the tree
  createOrganisation: command({
    summary: 'Add an organisation.',
    input: z.strictObject({ name: v.name, key: v.key.optional(), opId: v.opId }),
    needs: { permission: 'platform.organisations', at: () => 'platform' },
    output: z.object({ organisation: v.id }),
    example: { name: 'Südwerk' },
  }),
  updateOrganisation: command({
    summary: 'Rename an organisation, or say from which role on it asks for a second factor.',
    input: z.strictObject({
      organisation: v.id,
      name: v.name.optional(),
      secondFactorFrom: organisationRole.nullable().optional(),
      opId: v.opId,
    }),
    needs: { permission: 'organisation.configure', at: (input) => ({ organisation: input.organisation }) },
    output: v.nothing,
    example: { organisation: EXAMPLE.organisation, name: 'Nordwerk GmbH' },
  }),
  archiveOrganisation: command({
    summary: 'Take an organisation out of use, or back into it. Nothing of it is lost.',
    input: z.strictObject({ organisation: v.id, archived: z.boolean(), opId: v.opId }),
    needs: { permission: 'platform.organisations', at: () => 'platform' },
    output: v.nothing,
    example: { organisation: EXAMPLE.organisation, archived: false },
  }),
  createSite: command({
    summary: 'Add a site to an organisation.',
    input: z.strictObject({ organisation: v.id, name: v.name, key: v.key.optional(), timeZone: v.timeZone.optional(), opId: v.opId }),
    needs: { permission: 'organisation.configure', at: (input) => ({ organisation: input.organisation }) },
    output: z.object({ site: v.id }),
    example: { organisation: EXAMPLE.organisation, name: 'Works 2' },
  }),
  updateSite: command({
    summary: 'Change a site’s name, time zone or rules.',
    input: z.strictObject({
      site: v.id,
      name: v.name.optional(),
      timeZone: v.timeZone.optional(),
      operatorsControl: z.boolean().optional(),
      workAllowed: z.boolean().optional(),
      opId: v.opId,
    }),
    needs: { permission: 'site.configure', at: (input) => ({ site: input.site }) },
    output: v.nothing,
    example: { site: EXAMPLE.site, operatorsControl: true },
  }),
  archiveSite: command({
    summary: 'Take a site out of use, or back into it. Nothing of it is lost.',
    input: z.strictObject({ site: v.id, archived: z.boolean(), opId: v.opId }),
    needs: { permission: 'organisation.configure', at: (input) => ({ record: 'site', id: input.site }) },
    output: v.nothing,
    example: { site: EXAMPLE.site, archived: false },
  }),
  listPlaces: question({
    summary: 'The buildings and systems of a site, in the order people gave them.',
    input: z.strictObject({ site: v.id }),
    needs: { permission: 'plant.view', at: (input) => ({ site: input.site }) },
    output: z.object({ places: z.array(place) }),
    example: { site: EXAMPLE.site },
  }),
  createPlace: command({
    summary: 'Add a building or a system.',
    input: z.strictObject({
      site: v.id,
      parent: v.id.nullable(),
      kind: z.enum(['building', 'system']),
      name: v.name,
      key: v.key.optional(),
      opId: v.opId,
    }),
    needs: { permission: 'site.configure', at: (input) => ({ site: input.site }) },
    output: z.object({ place: v.id }),
    example: { site: EXAMPLE.site, parent: EXAMPLE.building, kind: 'system', name: 'Heating' },
  }),
  updatePlace: command({
    summary: 'Rename a building or a system.',
    input: z.strictObject({ place: v.id, name: v.name, opId: v.opId }),
    needs: { permission: 'site.configure', at: (input) => ({ record: 'place', id: input.place }) },
    output: v.nothing,
    example: { place: EXAMPLE.building, name: 'Hall A' },
  }),
  movePlace: command({
    summary: 'Move a building or system under another parent, or to another position.',
    input: z.strictObject({
      place: v.id,
      parent: v.id.nullable(),
      before: v.id.nullable().describe('The sibling it comes to stand before; null: last.'),
      opId: v.opId,
    }),
    needs: { permission: 'site.configure', at: (input) => ({ record: 'place', id: input.place }) },
    output: v.nothing,
    example: { place: EXAMPLE.system, parent: EXAMPLE.building, before: null },
  }),
  removePlace: command({
    summary: 'Remove a building or a system with all that lies inside it. History keeps it.',
    input: z.strictObject({ place: v.id, opId: v.opId }),
    needs: { permission: 'site.configure', at: (input) => ({ record: 'place', id: input.place }) },
    output: v.nothing,
    example: { place: EXAMPLE.system },
  }),

  // ---- people and what they may do
  listPeople: question({
    summary: 'The people of an organisation, with their roles in it.',
    input: z.strictObject({ organisation: v.id }),
    needs: { permission: 'organisation.people', at: (input) => ({ organisation: input.organisation }) },
    output: z.object({ people: z.array(listed) }),
    example: { organisation: EXAMPLE.organisation },
  }),
  listSitePeople: question({
    summary: 'The people with a role at a site.',
    input: z.strictObject({ site: v.id }),
    needs: { permission: 'site.people', at: (input) => ({ site: input.site }) },
    output: z.object({ people: z.array(listed) }),
    example: { site: EXAMPLE.site },
  }),
  createPerson: command({
    summary: 'Add a person with a first role. Hands out a one-time link by which they sign in and choose a password.',
    input: z.strictObject({ email: v.email, name: v.name, role, at: grantPlace, opId: v.opId }),
    needs: {
      permission: 'site.people',
      at: (input) =>
        input.at.kind === 'platform'
          ? 'platform'
          : input.at.kind === 'site'
            ? { site: input.at.site }
            : { organisation: input.at.organisation },
    },
    output: z.object({
      person: v.id,
      link: z.string().nullable().describe('The secret of the link; null when the person was known already, or the command is repeated.'),
    }),
    example: { email: 'otto@example.org', name: 'Otto Operator', role: 'operator', at: { kind: 'site', site: EXAMPLE.site } },
  }),
  importPeople: command({
    summary:
      'Add many people from a table with the columns name, email, role and site. Whole or not at all; tried without leaving anything first.',
    input: z.strictObject({
      organisation: v.id,
      csv: v.plain(200_000).describe('Comma or semicolon; “site” is its key or name, empty for a role in the whole organisation.'),
      dryRun: z.boolean(),
    }),
    needs: { permission: 'organisation.people', at: (input) => ({ organisation: input.organisation }) },
    output: z.object({
      done: z.boolean().describe('false: tried only, or a line was refused. Nothing was changed.'),
      lines: z.array(
        z.object({
          line: z.int(),
          email: z.string(),
          outcome: z.enum(['added', 'known', 'refused']),
          message: z.string().nullable(),
          link: z.string().nullable().describe('The secret of the link by which a new person comes in.'),
        }),
      ),
    }),
    example: {
      organisation: EXAMPLE.organisation,
      csv: 'name,email,role,site\nIda Import,ida@example.org,viewer,works-1\n',
      dryRun: false,
    },
  }),
  createSignInLink: command({
    summary: 'A new one-time sign-in link for a person who lost theirs, or their password.',
    input: z.strictObject({ organisation: v.id, person: v.id }),
    needs: { permission: 'organisation.people', at: (input) => ({ organisation: input.organisation }) },
    critical: true,
    output: z.object({ link: z.string(), expiresAt: v.time }),
    example: { organisation: EXAMPLE.organisation, person: EXAMPLE.viewer },
  }),
  removePerson: command({
    summary: 'Take a person out of an organisation, with all the roles they have in it. Their account stays.',
    input: z.strictObject({ organisation: v.id, person: v.id, opId: v.opId }),
    needs: { permission: 'organisation.people', at: (input) => ({ organisation: input.organisation }) },
    output: v.nothing,
    example: { organisation: EXAMPLE.organisation, person: EXAMPLE.viewer },
  }),
  resetSecondFactor: command({
    summary: 'Take the second factor off a person who has lost their phone and their codes. Their sessions end.',
    input: z.strictObject({ organisation: v.id, person: v.id }),
    needs: { permission: 'organisation.people', at: (input) => ({ organisation: input.organisation }) },
    critical: true,
    output: v.nothing,
    example: { organisation: EXAMPLE.organisation, person: EXAMPLE.viewer },
  }),
  disablePerson: command({
    summary: 'Bar a person from signing in, or let them in again. Their sessions end at once.',
    input: z.strictObject({ person: v.id, disabled: z.boolean(), opId: v.opId }),
    needs: { permission: 'platform.administer', at: () => 'platform' },
    critical: true,
    output: v.nothing,
    example: { person: EXAMPLE.viewer, disabled: false },
  }),
  grantRole: command({
    summary: 'Give a person a role at a place.',
    input: z.strictObject({ person: v.id, role, at: grantPlace, opId: v.opId }),
    needs: {
      permission: 'site.people',
      at: (input) =>
        input.at.kind === 'platform'
          ? 'platform'
          : input.at.kind === 'site'
            ? { site: input.at.site }
            : { organisation: input.at.organisation },
    },
    output: z.object({ grant: v.id }),
    example: { person: EXAMPLE.viewer, role: 'viewer', at: { kind: 'site', site: EXAMPLE.site } },
  }),
  revokeRole: command({
    summary: 'Take a role away.',
    input: z.strictObject({ grant: v.id, opId: v.opId }),
    needs: { permission: 'site.people', at: (input) => ({ record: 'grant', id: input.grant }) },
    output: v.nothing,
    example: { grant: EXAMPLE.grant },
  }),

  // ---- keys of machines: programs, and screens that nobody signs in at
  listKeys: question({
    summary: 'The keys of a site, newest first.',
    input: z.strictObject({ site: v.id }),
    needs: { permission: 'site.keys', at: (input) => ({ site: input.site }) },
    output: z.object({ keys: z.array(machineKey) }),
    example: { site: EXAMPLE.site },
  }),
  createKey: command({
    summary: 'Make a key for a machine, with one role at one site. Its token is in this answer and nowhere else.',
    input: z.strictObject({
      site: v.id,
      name: v.name,
      role: keyRole,
      expiresAt: v.time.nullable().describe('null: good until it is revoked.'),
    }),
    needs: { permission: 'site.keys', at: (input) => ({ site: input.site }) },
    critical: true,
    output: z.object({ key: v.id, token: z.string() }),
    example: { site: EXAMPLE.site, name: 'Wall screen of hall A', role: 'viewer', expiresAt: null },
  }),
  revokeKey: command({
    summary: 'End a key. Whatever uses it is cut off at once.',
    input: z.strictObject({ key: v.id, opId: v.opId }),
    needs: { permission: 'site.keys', at: (input) => ({ record: 'grant', id: input.key }) },
    output: v.nothing,
    example: { key: EXAMPLE.key },
  }),

  // ---- what happened
  listAudit: question({
    summary: 'The audit, newest first: every change and every refusal.',
    input: auditFilter.extend({
      before: v.plain(64).optional().describe('The cursor of the last page, with the same filter.'),
      limit: v.limit,
    }),
    needs: auditNeeds,
    output: z.object({ entries: z.array(auditEntry), next: z.string().nullable() }),
    example: { organisation: EXAMPLE.organisation },
  }),
  verifyAudit: question({
    summary: 'Walk the audit’s hash chain and name the first row that was changed, removed or put in.',
    input: v.nothing,
    needs: { permission: 'platform.audit', at: () => 'platform' },
    output: z.object({ intact: z.boolean(), rows: z.int(), fault: z.string().nullable() }),
    example: {},
  }),
  history: question({
    summary: 'The history of one record: who, when, from what to what.',
    input: z.strictObject({ entity: v.key, id: v.plain(200) }),
    needs: { permission: 'plant.view', at: (input) => ({ record: input.entity, id: input.id }) },
    output: z.object({
      entries: z.array(z.object({ at: v.time, actor: who.nullable(), field: z.string(), before: z.json(), after: z.json() })),
    }),
    example: { entity: 'place', id: EXAMPLE.building },
  }),
});

export const peopleStreams = {
  me: stream({
    summary: 'Who I am and what I may see, as it changes.',
    delivery: 'state',
    input: v.nothing,
    needs: ownSession,
    value: me,
    example: {},
  }),
  places: stream({
    summary: 'The buildings and systems of a site, as they change.',
    delivery: 'state',
    input: z.strictObject({ site: v.id }),
    needs: { permission: 'plant.view', at: (input) => ({ site: input.site }) },
    value: place,
    example: { site: EXAMPLE.site },
  }),
  audit: stream({
    summary: 'The audit from a cursor on, complete and in order.',
    delivery: 'events',
    input: z.strictObject({ site: v.id.optional(), organisation: v.id.optional() }),
    needs: auditNeeds,
    value: auditEntry,
    example: { organisation: EXAMPLE.organisation },
  }),
  auditFile: stream({
    summary: 'The audit as a file of comma-separated values, oldest first, to its present end.',
    delivery: 'bytes',
    input: auditFilter,
    needs: auditNeeds,
    value: z.never(),
    example: { organisation: EXAMPLE.organisation },
  }),
};

/** Facts about people, told after they are committed. */
export type PeopleEvent =
  | { event: 'people.grantsChanged'; person: string; by: string | null; role: string; where: string; given: boolean }
  | { event: 'people.rightsChanged'; person: string }
  | { event: 'people.personChanged'; person: string }
  | { event: 'people.sessionEnded'; session: string; person: string }
  | { event: 'people.sessionConfirmed'; session: string; person: string }
  | { event: 'people.siteChanged'; site: string }
  | { event: 'people.organisationChanged'; organisation: string }
  | { event: 'people.placesChanged'; site: string; place: string }
  | { event: 'people.preferenceChanged'; person: string }
  | { event: 'people.audited'; organisation: string | null };
