// From which role on an organisation asks for a second factor.
import { addColumn, type Migrate, OPTIONAL_TEXT } from '../ddl.ts';

export async function up(migrate: Migrate): Promise<void> {
  await addColumn(migrate, 'organisations', 'secondFactorFrom', OPTIONAL_TEXT);
}
