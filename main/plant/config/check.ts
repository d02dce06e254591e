// Whether a document of devices and tags makes sense, beyond its form: every wrong place by its path, its id and a sentence.
import type { z } from 'zod';
import type { DeviceDocument, PlantDocument, TagDocument } from '../../../contract/plant.ts';
import type { Span } from '../driver.ts';
import type { AnyDriver } from '../drivers.ts';

export type Issue = { path: string; id: string; message: string };

type Drivers = ReadonlyMap<string, AnyDriver>;

export const FASTEST_SCAN_MS = 50;
const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

export function scanMs(scan: string): number {
  const [, count, unit] = /^(\d+)(ms|s|m|h)$/.exec(scan) as unknown as [string, string, keyof typeof UNITS];
  return Number(count) * UNITS[unit];
}

export function checkDocument(document: PlantDocument, drivers: Drivers, places: ReadonlySet<string>): Issue[] {
  const issues: Issue[] = [];
  const devices = new Map<string, string>();
  const tags = new Map<string, string>();
  for (const [n, device] of document.devices.entries()) {
    const path = `devices.${n}`;
    const say = (inner: string, message: string) => issues.push({ path: `${path}${inner}`, id: device.id, message });
    const twin = devices.get(device.id);
    if (twin !== undefined) say('.id', `is the id of ${twin} as well`);
    else devices.set(device.id, path);
    if (device.place !== undefined && !places.has(device.place)) say('.place', `“${device.place}” is no building or system of this site`);
    const driver = drivers.get(device.driver);
    if (driver === undefined) say('.driver', `“${device.driver}” is no driver: ${[...drivers.keys()].join(', ')}`);
    else {
      for (const issue of faultsOf(driver.connection, device.connection)) say(`.connection${issue.path}`, issue.message);
      for (const issue of faultsOf(driver.device, settingsOf(device))) say(`.options${issue.path}`, issue.message);
    }
    issues.push(...checkTags(device, path, driver, tags));
  }
  return issues;
}

/** What the driver is told of a device beside its connection. */
export const settingsOf = ({ unit, options }: { unit?: number | null | undefined; options?: object | undefined }) => ({
  ...options,
  ...(unit != null && { unit }),
});

function checkTags(device: DeviceDocument, path: string, driver: AnyDriver | undefined, known: Map<string, string>): Issue[] {
  const issues: Issue[] = [];
  const spans: (Span & { id: string; path: string })[] = [];
  for (const [n, tag] of device.tags.entries()) {
    const at = `${path}.tags.${n}`;
    const say = (inner: string, message: string) => issues.push({ path: `${at}${inner}`, id: tag.id, message });
    const twin = known.get(tag.id);
    if (twin !== undefined) say('.id', `is the id of ${twin} as well`);
    else known.set(tag.id, at);
    for (const [inner, message] of faultsOfTag(tag)) say(inner, message);
    if (driver === undefined) continue;
    const faults = faultsOf(driver.address, tag.register);
    for (const fault of faults) say(`.register${fault.path}`, fault.message);
    const span = faults.length === 0 ? driver.span?.(driver.address.parse(tag.register)) : undefined;
    if (span) spans.push({ ...span, id: tag.id, path: at });
  }
  return [...issues, ...overlaps(spans)];
}

function* faultsOfTag({ scale, limits, scan, labels }: TagDocument): Generator<[path: string, message: string]> {
  if (scale && (scale.factor === 0 || !Number.isFinite(scale.factor)))
    yield ['.scale.factor', `is ${scale.factor}: every value would be the same`];
  if (limits && limits.min > limits.max) yield ['.limits', `has a least value of ${limits.min} above its greatest of ${limits.max}`];
  if (scanMs(scan) < FASTEST_SCAN_MS) yield ['.scan', `is faster than ${FASTEST_SCAN_MS}ms`];
  for (const value of Object.keys(labels ?? {}))
    if (!/^-?\d{1,15}$/.test(value) && value !== 'true' && value !== 'false')
      yield [`.labels.${value}`, 'names no whole number, true or false'];
}

/**
 * A word may be read out of a longer value, and a bit out of a word. Two values that share a part and each have one of their own
 * cannot both be right.
 */
function overlaps(spans: (Span & { id: string; path: string })[]): Issue[] {
  const issues: Issue[] = [];
  const ordered = [...spans].sort((a, b) => (a.table < b.table ? -1 : a.table > b.table ? 1 : a.from - b.from || b.count - a.count));
  // Those that are not over yet, each inside the one before it.
  let open: typeof ordered = [];
  for (const span of ordered) {
    open = open.filter((one) => one.table === span.table && endOf(one) > span.from);
    const innermost = open.at(-1);
    if (innermost !== undefined && endOf(span) > endOf(innermost))
      issues.push({ path: `${span.path}.register`, id: span.id, message: `lies across the end of ${innermost.id}` });
    else open.push(span);
  }
  return issues;
}

const endOf = ({ from, count }: Span) => from + count;

const faultsOf = (schema: z.ZodType, value: unknown) =>
  (schema.safeParse(value).error?.issues ?? []).map(({ path, message }) => ({
    path: path.map((part) => `.${String(part)}`).join(''),
    message,
  }));
