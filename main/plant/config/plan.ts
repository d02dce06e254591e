// What a document would change: compared with what is there, record by record. Pure, so that a trial and the act cannot differ.
import { isDeepStrictEqual } from 'node:util';
import type { Difference, PlantDocument } from '../../../contract/plant.ts';
import {
  type DeviceFields,
  type DeviceRow,
  deviceFields,
  fieldsOfDevice,
  fieldsOfTag,
  type TagFields,
  type TagRow,
  tagFields,
} from './document.ts';

/** Everything that ever was at the site, what was removed as well: given its id again, it is itself with its history. */
export type Present = { devices: readonly DeviceRow[]; tags: readonly TagRow[]; places: ReadonlyMap<string, string> };

export type Write<F> = { id: string; how: 'create' | 'update' | 'restore'; fields: F };
export type Plan = {
  devices: Write<DeviceFields>[];
  tags: Write<TagFields & { epoch?: number }>[];
  differences: Difference[];
  unchanged: number;
};

export function planImport(document: PlantDocument, { devices, tags, places }: Present, newId: () => string): Plan {
  const plan: Plan = { devices: [], tags: [], differences: [], unchanged: 0 };
  const deviceOf = newestByKey(devices);
  const tagOf = newestByKey(tags);
  const keyOfDevice = new Map(devices.map(({ id, key }) => [id, key]));
  const keyOfPlace = new Map([...places].map(([key, id]) => [id, key]));
  for (const one of document.devices) {
    const row = deviceOf.get(one.id);
    const id = row?.id ?? newId();
    keyOfDevice.set(id, one.id);
    const fields = deviceFields(one, one.place === undefined ? null : (places.get(one.place) ?? null));
    const said = (of: DeviceFields) => ({ ...of, place: of.place === null ? null : (keyOfPlace.get(of.place) ?? null) });
    compare('device', one.id, id, row, row && fieldsOfDevice(row), fields, said, plan.devices);
    for (const tag of one.tags) {
      const known = tagOf.get(tag.id);
      const wanted = tagFields(tag, id);
      const before = known && fieldsOfTag(known);
      const epoch = known && before && meansOther(before, wanted) ? known.epoch + 1 : undefined;
      const saidOfTag = (of: TagFields) => ({ ...of, device: keyOfDevice.get(of.device) ?? '' });
      compare(
        'tag',
        tag.id,
        known?.id ?? newId(),
        known,
        before,
        { ...wanted, ...(epoch !== undefined && { epoch }) },
        saidOfTag,
        plan.tags,
      );
    }
  }
  return plan;

  function compare<F extends object>(
    kind: Difference['kind'],
    key: string,
    id: string,
    row: { deletedAt: number | null } | undefined,
    before: F | undefined,
    after: F,
    said: (fields: F) => object,
    writes: Write<F>[],
  ): void {
    const [old, wanted] = [before && said(before), said(after)] as [Record<string, unknown> | undefined, Record<string, unknown>];
    const fields = Object.keys(wanted)
      .filter((field) => field !== 'epoch' && !isDeepStrictEqual(old?.[field] ?? null, wanted[field] ?? null))
      .map((field) => ({ field, before: asJson(old?.[field]), after: asJson(wanted[field]) }));
    const how = row === undefined ? 'create' : row.deletedAt !== null ? 'restore' : 'update';
    if (how === 'update' && fields.length === 0) {
      plan.unchanged += 1;
      return;
    }
    writes.push({ id, how, fields: after });
    plan.differences.push({ kind, id: key, change: ({ create: 'added', update: 'changed', restore: 'restored' } as const)[how], fields });
  }
}

const asJson = (value: unknown) => (value ?? null) as Difference['fields'][number]['before'];

/** Of several that ever had this key the living one, else the one that was removed last. */
function newestByKey<R extends { key: string; id: string; deletedAt: number | null }>(rows: readonly R[]): Map<string, R> {
  const last = (row: R) => row.deletedAt ?? Number.POSITIVE_INFINITY;
  const found = new Map<string, R>();
  for (const row of rows) {
    const other = found.get(row.key);
    if (other === undefined || last(row) > last(other) || (last(row) === last(other) && row.id > other.id)) found.set(row.key, row);
  }
  return found;
}

/** Its values are of another kind from now on: they must not be drawn as one line with the old ones. */
const meansOther = (before: TagFields, after: TagFields): boolean =>
  (before.register as { type?: unknown }).type !== (after.register as { type?: unknown }).type ||
  before.unit !== after.unit ||
  !isDeepStrictEqual(before.scale, after.scale);
