// What several parts of the people area speak of: places, people, roles.
import { z } from 'zod';
import { ROLES, TEAM_ROLES } from '../permissions.ts';
import * as v from '../values.ts';

export const grantPlace = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('platform') }),
  z.strictObject({ kind: z.literal('organisation'), organisation: v.id }),
  z.strictObject({ kind: z.literal('site'), site: v.id }),
]);
export type GrantPlace = z.infer<typeof grantPlace>;

export const role = z.enum(ROLES);
export const grant = z.object({ id: v.id, person: v.id, role, at: grantPlace });
export const teamRole = z.enum(TEAM_ROLES);
/** Roles of an organisation and its sites. */
export const organisationRole = z.enum(['viewer', 'operator', 'siteManager', 'organisationAdmin']);
export const organisation = z.object({
  id: v.id,
  key: v.key,
  name: z.string(),
  archivedAt: v.time.nullable(),
  secondFactorFrom: organisationRole
    .nullable()
    .describe('From this role on rights count only with a second factor; null: nobody is asked.'),
});
export const site = z.object({
  id: v.id,
  organisation: v.id,
  key: v.key,
  name: z.string(),
  timeZone: z.string(),
  operatorsControl: z.boolean(),
  workAllowed: z.boolean(),
  quietHours: z.string().nullable().describe('22:00-06:00 by the site’s own clock: what can wait makes no noise then. null: none.'),
  archivedAt: v.time.nullable(),
});
export const place = z.object({
  id: v.id,
  site: v.id,
  parent: v.id.nullable(),
  kind: z.enum(['building', 'system']),
  key: v.key,
  name: z.string(),
  rank: z.string(),
});
export const person = z.object({
  id: v.id,
  email: z.string(),
  name: z.string(),
  picture: z.string().nullable().describe('Changes whenever the picture does; null without one.'),
  disabledAt: v.time.nullable(),
  emailVerifiedAt: v.time
    .nullable()
    .describe('When they last came in by a link that was mailed to this address; null: nobody knows that it is theirs.'),
  machine: z.boolean().describe('Stands for a key, and for nobody of flesh and blood.'),
});
export const who = z.object({ id: v.id, name: z.string().nullable().describe('null once the person has been erased') });
