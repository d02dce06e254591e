// Keys of machines: people that are nobody, and who made them.
import { addColumn, type Migrate, NO, OPTIONAL_TEXT } from '../ddl.ts';

export async function up(migrate: Migrate): Promise<void> {
  await addColumn(migrate, 'people', 'machine', NO);
  await addColumn(migrate, 'people', 'madeBy', OPTIONAL_TEXT);
}
