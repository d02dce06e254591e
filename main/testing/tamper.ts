// Changes a database behind the store's back, as a person with a database tool would.
import type { Database, Param } from '../store/database.ts';

export async function tamper(database: Database, ...statements: (string | [sql: string, params: Param[]])[]): Promise<void> {
  const { writer } = database;
  await writer.begin();
  for (const statement of statements) {
    const [sql, params] = typeof statement === 'string' ? [statement, []] : statement;
    await writer.run(sql, params);
  }
  await writer.commit();
}
