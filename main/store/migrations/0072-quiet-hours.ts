// Hours in which what can wait makes no noise at a site.
import { addColumn, type Migrate, OPTIONAL_TEXT } from '../ddl.ts';

export async function up(migrate: Migrate): Promise<void> {
  await addColumn(migrate, 'sites', 'quietHours', OPTIONAL_TEXT);
}
