// Telemetry for tests: a store in a folder of its own, samples of every kind, and what the answer should be, told the slow way.
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import {
  BatchBuilder,
  openTelemetry,
  type Quality,
  type Sample,
  samplesOf,
  type TelemetryOptions,
  type TelemetryStore,
} from '../plant/telemetry/index.ts';
import { temporaryFolder } from './databases.ts';

export const uuid = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
export const LIFE = uuid(999_999);
export const MIDNIGHT = Date.UTC(2026, 2, 1);

export type TestTelemetry = TelemetryStore & { folder: string; put(series: number, samples: readonly Sample[]): Promise<void> };

/** Closed with the test. */
export async function openTestTelemetry(t: TestContext, options: Partial<TelemetryOptions> = {}): Promise<TestTelemetry> {
  const folder = options.folder ?? temporaryFolder(t);
  const store = await openTelemetry({ folder, incarnation: LIFE, clock: () => MIDNIGHT + 400 * 86_400_000, groupMs: 1, ...options });
  t.after(() => store.close().catch(() => {}));
  return {
    ...store,
    folder,
    put(series, samples) {
      const builder = new BatchBuilder();
      for (const sample of samples) builder.add(series, sample);
      return store.append(builder.take());
    },
  };
}

/** All samples of a tag, by the export. */
export async function everything(store: TelemetryStore, tag: string, from = -8e15, to = 8e15, pageSamples = 1_000): Promise<Sample[]> {
  const all: Sample[] = [];
  for await (const { columns } of store.export({ tag, from, to, pageSamples })) for (const one of samplesOf(columns)) all.push(one);
  return all;
}

export const good = (time: number, value: Sample['value'], quality: Quality = 'good'): Sample => ({ time, value, quality });

/** In order of time; of several at one time the last given. */
export function lastOfEach(samples: readonly Sample[]): Sample[] {
  return [...new Map(samples.map((one) => [one.time, one])).values()].sort((a, b) => a.time - b.time);
}

const anyNumber = fc.oneof(
  fc.double(),
  fc.float(),
  fc.integer(),
  fc.integer({ min: -5_000, max: 5_000 }).map((n) => n / 10),
  fc.maxSafeInteger(),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 5e-324, -5e-324, 1.7976931348623157e308, 2 ** 53),
);
export const anyValue: fc.Arbitrary<Sample['value']> = fc.oneof(
  anyNumber,
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  // A lone half of a pair of surrogates, as a device may well send.
  fc.string({ maxLength: 4 }).map((text) => `${text}\ud800`),
  fc.constant(null),
);
const anyQuality = fc.constantFrom<Quality>('good', 'good', 'good', 'uncertain', 'bad', 'substituted');
const anyReason = fc.option(fc.constantFrom('timeout', 'exception 2', 'by hand: “Grüße”', ''), { nil: undefined, freq: 4 });

/** Samples whose times go forward, stand still, step back, and jump by a day. */
export function anySamples(value: fc.Arbitrary<Sample['value']>, maxLength: number): fc.Arbitrary<Sample[]> {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.constant(1_000) },
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 90_000 }) },
    { weight: 2, arbitrary: fc.integer({ min: -200_000, max: 0 }) },
    { weight: 1, arbitrary: fc.constantFrom(86_400_000, -86_400_000, 12 * 86_400_000) },
  );
  return fc
    .array(fc.record({ step, value, quality: anyQuality, reason: anyReason }), { minLength: 1, maxLength, size: 'max' })
    .map((steps) => {
      let time = MIDNIGHT;
      return steps.map(({ step: by, value: is, quality, reason }) => {
        time += by;
        return { time, value: is, quality, ...(reason !== undefined && { reason }) };
      });
    });
}
