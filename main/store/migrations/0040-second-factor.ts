// The second factor: phones, recovery codes and remembered devices of people, and when a session last proved who sits there.
import { addColumn, createIndex, createTable, INTEGER, type Migrate, NO, OPTIONAL_INTEGER, TEXT } from '../ddl.ts';

export async function up(migrate: Migrate): Promise<void> {
  await createTable(
    migrate,
    'phone',
    {
      person: 'text',
      createdAt: 'integer',
      confirmedAt: OPTIONAL_INTEGER,
      ahead: INTEGER,
      lastStep: INTEGER,
      doubtStep: OPTIONAL_INTEGER,
      doubtAhead: OPTIONAL_INTEGER,
    },
    { primary: ['person'] },
  );
  await createTable(migrate, 'recoveryCode', { person: 'text', digest: 'text' }, { primary: ['person', 'digest'] });
  await createTable(
    migrate,
    'rememberedDevice',
    { tokenDigest: 'text', person: 'text', createdAt: 'integer', expiresAt: 'integer', agent: TEXT },
    { primary: ['tokenDigest'] },
  );
  await createIndex(migrate, 'rememberedDevice', ['person']);
  await addColumn(migrate, 'session', 'confirmedAt', INTEGER);
  await addColumn(migrate, 'signInLink', 'replacesPhone', NO);
}
