// Teams of an organisation and who belongs to them; and accounts that became a part of another one.
import { addColumn, createIndex, createSharedTable, type Migrate, OPTIONAL_TEXT, TEXT } from '../ddl.ts';

export async function up(migrate: Migrate): Promise<void> {
  await createSharedTable(migrate, 'teams', { organisation: TEXT, key: TEXT, name: TEXT });
  await createIndex(migrate, 'teams', ['organisation']);
  await createSharedTable(migrate, 'teamMembers', { team: TEXT, person: TEXT, role: { type: 'text', default: 'member' } });
  await createIndex(migrate, 'teamMembers', ['team']);
  await createIndex(migrate, 'teamMembers', ['person']);
  await addColumn(migrate, 'people', 'mergedInto', OPTIONAL_TEXT);
}
