// plant: devices and their tags, how they are configured, what they say now and what they said.
import { z } from 'zod';
import { EXAMPLE } from './examples.ts';
import { area, command, type PlaceRef, question, stream } from './procedure.ts';
import * as v from './values.ts';

/** A name for values a person knows the meaning of: {"0": "stopped", "1": "running"}. */
const labels = z.record(z.string().max(20), v.text(60));
/** What only the driver can judge. */
const ofDriver = z.record(z.string().max(40), z.json());

export const tagDocument = z.strictObject({
  id: v.key,
  name: v.name.optional(),
  register: ofDriver.describe('Where the value lies, in the words of the driver.'),
  scale: z.strictObject({ factor: z.number(), offset: z.number().default(0) }).optional(),
  scan: z
    .string()
    .regex(/^\d{1,6}(ms|s|m|h)$/, 'is not a time like 500ms, 1s or 5m')
    .default('1s'),
  unit: v.text(20).optional(),
  deadband: z.number().nonnegative().optional().describe('Smaller changes are not kept.'),
  limits: z.strictObject({ min: z.number(), max: z.number() }).optional().describe('What may be written.'),
  labels: labels.optional(),
});
export type TagDocument = z.infer<typeof tagDocument>;

export const deviceDocument = z.strictObject({
  id: v.key,
  name: v.name.optional(),
  driver: v.key,
  connection: ofDriver.describe('How the device is reached, in the words of the driver.'),
  unit: z.int().min(0).max(255).optional().describe('Its address on a line that several share.'),
  options: ofDriver.optional().describe('How it is spoken to, in the words of the driver: time-out, longest request.'),
  place: v.key.optional().describe('The building or system it belongs to.'),
  enabled: z.boolean().default(true),
  tags: z.array(tagDocument).max(50_000).default([]),
});
export type DeviceDocument = z.infer<typeof deviceDocument>;

export const plantDocument = z.strictObject({ devices: z.array(deviceDocument).max(10_000) });
export type PlantDocument = z.infer<typeof plantDocument>;

const difference = z.object({
  kind: z.enum(['device', 'tag']),
  id: v.key,
  change: z.enum(['added', 'changed', 'restored']),
  fields: z.array(z.object({ field: z.string(), before: z.json(), after: z.json() })),
});
export type Difference = z.infer<typeof difference>;

const tag = z.object({
  id: v.key,
  name: z.string(),
  device: v.key,
  type: z.string().nullable(),
  unit: z.string(),
  scan: z.string(),
  labels: labels.nullable(),
});
export type ListedTag = z.infer<typeof tag>;

const quality = z.enum(['good', 'uncertain', 'bad', 'substituted']);
/** Integers beyond 2⁵³, NaN and ±∞ travel as text. */
const value = z.union([z.boolean(), z.number(), z.string()]).nullable();
const currentValue = z.object({
  tag: v.key,
  time: v.time.nullable().describe('When the device said it; null: it has not been read yet.'),
  value,
  quality,
  reason: z.string().optional(),
});
export type CurrentValue = z.infer<typeof currentValue>;

const bound = z.union([z.number(), z.string()]).nullable();
const point = z.tuple([v.time, bound, bound, bound, z.int()]).describe('time, least, greatest, mean, how many');
const gap = z.tuple([v.time, v.time]);

const deviceState = z.object({
  state: z.enum(['off', 'unknown', 'up', 'failing', 'down']),
  reason: z.string().nullable(),
  lastReplyAt: v.time.nullable(),
  roundTripMs: z.number().nullable(),
});

const device = z.object({
  id: v.key,
  name: z.string(),
  driver: z.string(),
  unit: z.int().nullable(),
  place: v.id.nullable(),
  enabled: z.boolean(),
  tags: z.int(),
  health: deviceState,
});
/** May be left out where the station holds one site. */
const atSite = v.id.optional().describe('May be left out where the station holds one site.');
const here = (input: { site?: string | undefined }): PlaceRef => (input.site === undefined ? 'station' : { site: input.site });
/** Larger than anything else that is sent: a plant of fifty thousand tags in one piece. */
const DOCUMENT_BYTES = 16 * 1024 * 1024;

export const plant = area('plant', {
  importConfig: command({
    summary: 'Bring devices and tags in from a document: those it names are added or changed, all others stay. Whole or not at all.',
    input: z.strictObject({
      site: atSite,
      document: plantDocument,
      dryRun: z.boolean().describe('true: says what would change, and changes nothing.'),
      opId: v.opId,
    }),
    needs: { permission: 'plant.configure', at: here },
    maxBytes: DOCUMENT_BYTES,
    output: z.object({
      done: z.boolean(),
      unchanged: z.int().describe('Devices and tags that are so already.'),
      differences: z.array(difference),
    }),
    example: {
      site: EXAMPLE.site,
      document: {
        devices: [
          {
            id: 'pump-1',
            name: 'Pump 1',
            driver: 'modbus-tcp',
            connection: { host: '127.0.0.1', port: 1502 },
            unit: 1,
            enabled: false,
            tags: [
              {
                id: 'pump-1.flow',
                name: 'Flow',
                register: { table: 'holding', address: 100, type: 'float32', byteOrder: 'big', wordOrder: 'big' },
                scale: { factor: 1, offset: 0 },
                scan: '1s',
                unit: 'm³/h',
              },
            ],
          },
        ],
      },
      dryRun: false,
    },
  }),
  exportConfig: question({
    summary: 'All devices and tags of a site as the document that importConfig takes.',
    input: z.strictObject({ site: atSite }),
    needs: { permission: 'plant.configure', at: here },
    output: z.object({ document: plantDocument }),
    example: { site: EXAMPLE.site },
  }),
  listDevices: question({
    summary: 'The devices of a site.',
    input: z.strictObject({ site: atSite }),
    needs: { permission: 'plant.view', at: here },
    output: z.object({ devices: z.array(device) }),
    example: { site: EXAMPLE.site },
  }),
  listTags: question({
    summary: 'The tags of a site, by id: all, those of a device, or those whose id or name holds a word.',
    input: z.strictObject({
      site: atSite,
      device: v.key.optional(),
      search: v.text(120).optional(),
      after: v.key.optional().describe('The last id of the page before.'),
      limit: z.int().min(1).max(20_000).default(1_000),
    }),
    needs: { permission: 'plant.view', at: here },
    output: z.object({ tags: z.array(tag), next: v.key.nullable() }),
    example: { site: EXAMPLE.site, device: EXAMPLE.device },
  }),
  readCurrent: question({
    summary: 'What tags say now: value, time and how far it can be trusted.',
    input: z.strictObject({ site: atSite, tags: z.array(v.key).min(1).max(20_000) }),
    needs: { permission: 'plant.view', at: here },
    output: z.array(currentValue),
    example: { site: EXAMPLE.site, tags: [EXAMPLE.tag] },
  }),
  readHistory: question({
    summary: 'What a tag said over a time, for a chart so many pixels wide: least, greatest and mean of each, and where nothing was said.',
    input: z.strictObject({ site: atSite, tag: v.key, from: v.time, to: v.time, width: z.int().min(1).max(20_000) }),
    needs: { permission: 'plant.view', at: here },
    output: z.object({
      points: z.array(point),
      gaps: z.array(gap),
      epochs: z
        .array(z.object({ epoch: z.int(), from: v.time }))
        .describe('From where on values mean something else: another type, unit or scale.'),
    }),
    example: { site: EXAMPLE.site, tag: EXAMPLE.tag, from: 0, to: 3_600_000, width: 600 },
  }),
  removeDevice: command({
    summary: 'Take a device out, with its tags. Their history stays, and is theirs again if they come back under the same id.',
    input: z.strictObject({ site: atSite, device: v.key, opId: v.opId }),
    needs: { permission: 'plant.configure', at: here },
    output: v.nothing,
    example: { site: EXAMPLE.site, device: EXAMPLE.device },
  }),
});
export const plantStreams = {
  values: stream({
    summary: 'What tags say, as it changes.',
    delivery: 'state',
    input: z.strictObject({ site: atSite, tags: z.array(v.key).min(1).max(1_000) }),
    needs: { permission: 'plant.view', at: here },
    value: currentValue,
    example: { site: EXAMPLE.site, tags: [EXAMPLE.tag] },
  }),
};

/** Facts about the plant. */
export type PlantEvent = { event: 'plant.configChanged'; site: string };
