// Sessions in which somebody sees the station as another person, the audit of them, and the last change of everybody.
import { addColumn, createIndex, createTable, type Migrate, OPTIONAL_TEXT } from '../ddl.ts';

export async function up(migrate: Migrate): Promise<void> {
  for (const column of ['seenAs', 'seenIn', 'parent']) await addColumn(migrate, 'session', column, OPTIONAL_TEXT);
  // Nearly all sessions are of people who see for themselves.
  await createIndex(migrate, 'session', ['seenAs'], { where: '"seenAs" is not null' });
  await createIndex(migrate, 'session', ['parent'], { where: '"parent" is not null' });
  await addColumn(migrate, 'audit', 'seenAs', OPTIONAL_TEXT);
  await createTable(
    migrate,
    'lastChange',
    {
      person: 'text',
      change: 'text',
      at: 'integer',
      action: 'text',
      again: 'integer',
      organisation: OPTIONAL_TEXT,
      site: OPTIONAL_TEXT,
      first: 'integer',
      last: 'integer',
    },
    { primary: ['person'] },
  );
}
