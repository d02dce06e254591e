// Devices and tags between the document people write and the records the store keeps.

import type { Selectable } from 'kysely';
import type { DeviceDocument, PlantDocument, TagDocument } from '../../../contract/plant.ts';
import type { Entity } from '../../store/entities.ts';
import type { device, PlantTables, tag } from '../entities.ts';

export type DeviceRow = Selectable<PlantTables['devices']>;
export type TagRow = Selectable<PlantTables['tags']>;
type Fields<E extends Entity> = { [K in keyof E['fields']]: E['fields'][K]['default'] };
export type DeviceFields = Omit<Fields<typeof device>, 'site'>;
/** The epoch is no wish of anybody. */
export type TagFields = Omit<Fields<typeof tag>, 'site' | 'epoch'>;

/** What a document leaves out of a device or a tag it names is as if it had said the usual. */
export const deviceFields = (
  { id, name, driver, connection, unit, options, enabled }: DeviceDocument,
  place: string | null,
): DeviceFields => ({
  place,
  key: id,
  name: name ?? id,
  driver,
  connection,
  unit: unit ?? null,
  options: options ?? {},
  enabled,
});

export const tagFields = ({ id, name, register, scale, scan, unit, deadband, limits, labels }: TagDocument, device: string): TagFields => ({
  device,
  key: id,
  name: name ?? id,
  register,
  scale: scale ?? null,
  scan,
  unit: unit ?? '',
  more: { ...(deadband !== undefined && { deadband }), ...(limits && { limits }), ...(labels && { labels }) },
});

/** A column as the code knows it. */
export const fieldsOfDevice = (row: DeviceRow): DeviceFields => ({
  place: row.place,
  key: row.key,
  name: row.name,
  driver: row.driver,
  connection: JSON.parse(row.connection) as DeviceFields['connection'],
  unit: row.unit,
  options: JSON.parse(row.options) as DeviceFields['options'],
  enabled: row.enabled === 1,
});

export const fieldsOfTag = (row: TagRow): TagFields => ({
  device: row.device,
  key: row.key,
  name: row.name,
  register: JSON.parse(row.register) as TagFields['register'],
  scale: JSON.parse(row.scale) as TagFields['scale'],
  scan: row.scan,
  unit: row.unit,
  more: JSON.parse(row.more) as TagFields['more'],
});

/** All of a site, in the order of ids: the same plant gives the same document. */
export function documentOf(devices: readonly DeviceRow[], tags: readonly TagRow[], keyOfPlace: ReadonlyMap<string, string>): PlantDocument {
  const tagsOf = Map.groupBy(tags, ({ device }) => device);
  return { devices: sorted(devices).map((row) => deviceDocumentOf(row, sorted(tagsOf.get(row.id) ?? []), keyOfPlace)) };
}

const sorted = <R extends { key: string }>(rows: readonly R[]): R[] => [...rows].sort((a, b) => (a.key < b.key ? -1 : 1));

function deviceDocumentOf(row: DeviceRow, tags: readonly TagRow[], keyOfPlace: ReadonlyMap<string, string>): DeviceDocument {
  const { key, name, driver, connection, unit, options, enabled, place } = fieldsOfDevice(row);
  const placeKey = place === null ? undefined : keyOfPlace.get(place);
  return {
    id: key,
    name,
    driver,
    connection: connection as DeviceDocument['connection'],
    ...(unit !== null && { unit }),
    ...(Object.keys(options).length > 0 && { options: options as Exclude<DeviceDocument['options'], undefined> }),
    ...(placeKey !== undefined && { place: placeKey }),
    enabled,
    tags: tags.map((tag) => {
      const { key, name, register, scale, scan, unit, more } = fieldsOfTag(tag);
      return {
        id: key,
        name,
        register: register as TagDocument['register'],
        ...(scale && { scale }),
        scan,
        ...(unit !== '' && { unit }),
        ...more,
      };
    }),
  };
}
