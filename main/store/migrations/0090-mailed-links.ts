// Links that go by mail, and e-mail addresses that such a link has proven.
import { addColumn, type Migrate, OPTIONAL_INTEGER, OPTIONAL_TEXT } from '../ddl.ts';

export async function up(migrate: Migrate): Promise<void> {
  await addColumn(migrate, 'signInLink', 'mailedTo', OPTIONAL_TEXT);
  await addColumn(migrate, 'signInLink', 'mailedAt', OPTIONAL_INTEGER);
  await addColumn(migrate, 'people', 'emailVerifiedAt', OPTIONAL_INTEGER);
}
