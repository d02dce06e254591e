// What happened: the audit, and the history of one record.
import { z } from 'zod';
import { EXAMPLE } from '../examples.ts';
import { question, stream } from '../procedure.ts';
import * as v from '../values.ts';
import { who } from './shapes.ts';

/** One field of one record, from what to what. */
export const change = z.object({
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
  seenAs: who.nullable().describe('As whom the actor saw the station, on whose behalf they asked; null: as themself.'),
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
  about: z
    .strictObject({ entity: v.key, id: v.plain(200) })
    .optional()
    .describe('What was changed.'),
});
export type AuditFilter = z.infer<typeof auditFilter>;

/** The same right whether it is read, watched or saved. */
const auditNeeds = {
  permission: 'site.audit',
  at: (input: Pick<AuditFilter, 'site' | 'organisation'>) =>
    input.site ? { site: input.site } : input.organisation ? { organisation: input.organisation } : 'platform',
} as const;

export const audit = {
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
};

export const auditStreams = {
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
