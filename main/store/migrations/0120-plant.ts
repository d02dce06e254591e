// Devices and their tags.
import { createIndex, createSharedTable, INTEGER, type Migrate, OPTIONAL_INTEGER, OPTIONAL_TEXT, TEXT } from '../ddl.ts';

const EMPTY = { type: 'text', default: '{}' } as const;

export async function up(migrate: Migrate): Promise<void> {
  await createSharedTable(migrate, 'devices', {
    site: TEXT,
    place: OPTIONAL_TEXT,
    key: TEXT,
    name: TEXT,
    driver: TEXT,
    connection: EMPTY,
    unit: OPTIONAL_INTEGER,
    options: EMPTY,
    enabled: { type: 'boolean', default: 1 },
  });
  await createIndex(migrate, 'devices', ['site', 'key']);

  await createSharedTable(migrate, 'tags', {
    site: TEXT,
    device: TEXT,
    key: TEXT,
    name: TEXT,
    register: EMPTY,
    scale: { type: 'text', default: 'null' },
    scan: { type: 'text', default: '1s' },
    unit: TEXT,
    more: EMPTY,
    epoch: { ...INTEGER, default: 1 },
  });
  await createIndex(migrate, 'tags', ['site', 'key']);
  await createIndex(migrate, 'tags', ['device', 'key']);
}
