// People of an organisation, and what they may do.
import { z } from 'zod';
import { EXAMPLE } from '../examples.ts';
import { PERMISSIONS, type Permission } from '../permissions.ts';
import { command, ownAccount, ownSession, question } from '../procedure.ts';
import * as v from '../values.ts';
import { grant, grantPlace, person, role } from './shapes.ts';

const listed = person.extend({
  grants: z.array(grant),
  may: z
    .array(z.enum(Object.keys(PERMISSIONS) as [Permission, ...Permission[]]))
    .describe('What they may do at the place that was asked about, by all roles they have.'),
  hasPassword: z.boolean(),
  hasSecondFactor: z.boolean(),
});

const byMail = v.yes
  .optional()
  .describe('Send the link to the person’s own address, and show it to nobody else. Refused where no mail server is set.');
const mailTask = v.id.nullable().describe('The task that sends the mail, and tells how that ended; null where nothing is sent.');

export const roles = {
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
    summary: 'Add a person with a first role. Hands out a one-time link by which they sign in and choose a password, or sends it to them.',
    input: z.strictObject({ email: v.email, name: v.name, role, at: grantPlace, byMail, opId: v.opId }),
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
      link: z
        .string()
        .nullable()
        .describe('The secret of the link; null when it goes by mail, the person was known already, or the command is repeated.'),
      mail: mailTask,
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
      byMail,
    }),
    needs: { permission: 'organisation.people', at: (input) => ({ organisation: input.organisation }) },
    output: z.object({
      done: z.boolean().describe('false: tried only, or a line was refused. Nothing was changed.'),
      mail: mailTask,
      lines: z.array(
        z.object({
          line: z.int(),
          email: z.string(),
          outcome: z.enum(['added', 'known', 'refused']),
          message: z.string().nullable(),
          link: z.string().nullable().describe('The secret of the link by which a new person comes in; null where it goes by mail.'),
          mailed: z.boolean().describe('The link goes to this address by mail.'),
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
  mailSignInLink: command({
    summary: 'The same link, sent to the person’s own address and shown to nobody else.',
    input: z.strictObject({ organisation: v.id, person: v.id }),
    needs: { permission: 'organisation.people', at: (input) => ({ organisation: input.organisation }) },
    critical: true,
    output: z.object({ mail: v.id.describe('The task that sends it, and tells how that ended.') }),
    example: { organisation: EXAMPLE.organisation, person: EXAMPLE.viewer },
  }),
  linksByMail: question({
    summary: 'Can links be sent by mail from here?',
    input: v.nothing,
    needs: ownSession,
    output: z.object({ possible: z.boolean() }),
    example: {},
  }),
  mailLinksAgain: command({
    summary: 'Try once more to send the links that a task of mine could not send. Who has theirs gets no second one.',
    input: z.strictObject({ task: v.id }),
    needs: ownAccount,
    output: z.object({ task: v.id }),
    example: { task: EXAMPLE.task },
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
    summary: 'Give a person a role at a place, if so in the place of others they have there.',
    input: z.strictObject({
      person: v.id,
      role,
      at: grantPlace,
      instead: z.array(v.id).max(10).optional().describe('Roles of theirs at that very place that are taken away with it.'),
      opId: v.opId,
    }),
    needs: {
      permission: 'site.people',
      at: (input) =>
        input.at.kind === 'platform'
          ? 'platform'
          : input.at.kind === 'site'
            ? { site: input.at.site }
            : { organisation: input.at.organisation },
    },
    undoable: true,
    output: z.object({ grant: v.id }),
    example: { person: EXAMPLE.viewer, role: 'viewer', at: { kind: 'site', site: EXAMPLE.site } },
  }),
  revokeRole: command({
    summary: 'Take a role away.',
    input: z.strictObject({ grant: v.id, opId: v.opId }),
    needs: { permission: 'site.people', at: (input) => ({ record: 'grant', id: input.grant }) },
    undoable: true,
    output: v.nothing,
    example: { grant: EXAMPLE.grant },
  }),
};
