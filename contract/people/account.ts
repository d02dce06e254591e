// Coming in, and what is about oneself: sign-in, sessions, second factor, picture, preferences.
import { z } from 'zod';
import { EXAMPLE } from '../examples.ts';
import { command, noSession, ownAccount, ownSession, question, stream } from '../procedure.ts';
import * as v from '../values.ts';
import { grant, grantPlace, organisation, person, site, teamRole } from './shapes.ts';

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
  teams: z
    .array(z.object({ id: v.id, organisation: v.id, key: v.key, name: z.string(), role: teamRole }))
    .describe('The teams I belong to, and what I am in each.'),
  preferences: z.record(z.string(), preferenceValue),
  session: z.object({ id: v.id, expiresAt: v.time }),
  hasSecondFactor: z.boolean(),
  secondFactorNeeded: z.boolean().describe('Some of the roles count only once there is a second factor; grants holds the others.'),
  hasPassword: z.boolean().describe('false until a person who came by a link has chosen one.'),
  seenBy: z
    .object({ id: v.id, name: z.string(), until: v.time })
    .nullable()
    .describe('Who sees the station as this person, and until when; everything personal is left out then. null: it is oneself.'),
  station: z.object({
    id: v.id,
    key: v.key,
    name: z.string(),
    version: z.string(),
    at: grantPlace.describe('The narrowest place that holds all sites of the station: where rights over the station itself are judged.'),
  }),
});
export type Me = z.infer<typeof me>;

const picture = z.strictObject({
  type: z.enum(['image/png', 'image/jpeg', 'image/webp']),
  data: z.base64().max(350_000).describe('256 KiB at most'),
});
const code = v.plain(16);
const recoveryCodes = z.array(z.string()).describe('Ten codes, each good once in the place of the phone. Shown now and never again.');
const token = z.object({ token: z.string().describe('Send it as “Authorization: Bearer …”.') });

const signedIn = token.extend({ device: z.string().optional() });
const secondStep = {
  totp: code.optional().describe('Read only for an account that has a second factor: the phone’s code, or a recovery code.'),
  device: v.plain(128).optional().describe('Given by an earlier sign-in that asked to be remembered: stands for the code.'),
  remember: v.yes.optional().describe('Remember this device for 30 days: the answer holds its token.'),
};

export const account = {
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
  signInMethods: question({
    summary: 'The ways to sign in that are open to this request. Says nothing of accounts.',
    input: v.nothing,
    needs: noSession,
    output: z.object({
      methods: z.array(
        z.object({
          method: z.enum(['local', 'forwarded']).describe('local: people.signIn; forwarded: people.signInForwarded.'),
          as: z.string().nullable().describe('Whom the proxy in front of the station names; null where one says so oneself.'),
        }),
      ),
    }),
    example: {},
  }),
  signIn: command({
    summary: 'Sign in with e-mail and password.',
    input: z.strictObject({ email: v.plain(254), password: v.plain(256), ...secondStep }),
    needs: noSession,
    output: signedIn,
    example: { email: 'ada@example.org', password: 'a long enough phrase' },
  }),
  signInForwarded: command({
    summary: 'Sign in as the person that a trusted proxy in front of the station names in this very request.',
    input: z.strictObject(secondStep),
    needs: noSession,
    output: signedIn,
    example: {},
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
    undoable: true,
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
    undoable: true,
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
    personal: true,
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
    input: z.strictObject({
      password: v.plain(256).optional(),
      totp: code.optional(),
      forwarded: v.yes
        .optional()
        .describe(
          'By the word of a trusted proxy, for somebody who has neither password nor phone. Over REST alone: it stands in the request.',
        ),
    }),
    needs: ownAccount,
    output: z.object({ until: v.time }),
    example: { password: 'a long enough phrase' },
  }),
  secondFactor: question({
    summary: 'My second factor: since when, how many recovery codes are left, and which devices are remembered.',
    input: v.nothing,
    needs: ownSession,
    personal: true,
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
    undoable: true,
    output: v.nothing,
    example: { name: 'theme', value: 'dark' },
  }),
};

export const accountStreams = {
  me: stream({
    summary: 'Who I am and what I may see, as it changes.',
    delivery: 'state',
    input: v.nothing,
    needs: ownSession,
    value: me,
    example: {},
  }),
};
