// What the station tells people, and by which server it sends mail.
import { createIndex, createSharedTable, INTEGER, type Migrate, OPTIONAL_INTEGER, TEXT } from '../ddl.ts';

export async function up(migrate: Migrate): Promise<void> {
  await createSharedTable(migrate, 'notices', {
    person: TEXT,
    kind: TEXT,
    data: { type: 'text', default: '{}' },
    at: INTEGER,
    readAt: OPTIONAL_INTEGER,
  });
  await createIndex(migrate, 'notices', ['person', 'id']);
  await createSharedTable(migrate, 'mailServers', {
    host: TEXT,
    port: { type: 'integer', default: 587 },
    security: { type: 'text', default: 'startTls' },
    user: TEXT,
    from: TEXT,
  });
}
