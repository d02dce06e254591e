// The shared records of the plant.
import { boolean, entity, integer, json, optionalInteger, optionalText, type Table, text } from '../store/entities.ts';

type Words = Record<string, unknown>;

export const device = entity({
  name: 'device',
  table: 'devices',
  scope: ['site'],
  fields: {
    site: text(),
    /** The building or system it belongs to. */
    place: optionalText(),
    key: text(),
    name: text(),
    driver: text(),
    connection: json<Words>({}),
    unit: optionalInteger(),
    options: json<Words>({}),
    enabled: boolean(true),
  },
  authority: 'anyone',
});

export const tag = entity({
  name: 'tag',
  table: 'tags',
  scope: ['site'],
  fields: {
    site: text(),
    device: text(),
    key: text(),
    name: text(),
    register: json<Words>({}),
    scale: json<{ factor: number; offset: number } | null>(null),
    scan: text('1s'),
    unit: text(),
    /** What may be left out: deadband, limits, labels. */
    more: json<Words>({}),
    /** Grows whenever its values come to mean something else: type, unit or scale. History belongs to a tag and an epoch. */
    epoch: integer(1),
  },
  authority: 'anyone',
});

export const entities = [device, tag];

export type PlantTables = {
  devices: Table<typeof device>;
  tags: Table<typeof tag>;
};
