// A program beside the person: the same station by REST, to fill it and to see what a screen should show.
import assert from 'node:assert/strict';
import { ADMIN } from './station.ts';

export type Program = { call(procedure: string, input: unknown): Promise<Record<string, never> & { [key: string]: unknown }> };

export async function program(url: string): Promise<Program> {
  const post = async (procedure: string, input: unknown, token?: string) => {
    const response = await fetch(`${url}/api/${procedure.replace('.', '/').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(input),
    });
    const answer = (await response.json()) as Record<string, never>;
    assert.equal(response.status, 200, `${procedure}: ${JSON.stringify(answer)}`);
    return answer;
  };
  const { token } = await post('people.signIn', { email: ADMIN.email, password: ADMIN.password });
  return { call: (procedure, input) => post(procedure, input, token) };
}

/** The longest name a plant will ever type. */
export const LONG_NAME = 'Boiler house with the longest name that anybody in this plant has ever typed into a form';

/** Two buildings with systems, people in every role. */
export async function furnish(url: string, second = LONG_NAME): Promise<{ site: string; organisation: string }> {
  const { call } = await program(url);
  const me = (await call('people.me', {})) as unknown as { sites: { id: string; organisation: string }[] };
  const [first] = me.sites;
  assert.ok(first);
  const { id: site, organisation } = first;
  for (const [building, systems] of Object.entries({
    'Hall A': ['Heating', 'Compressed air', 'Cooling water'],
    [second]: ['Steam', 'Feed water'],
  })) {
    const { place } = await call('people.createPlace', { site, parent: null, kind: 'building', name: building });
    for (const name of systems) await call('people.createPlace', { site, parent: place, kind: 'system', name });
  }
  for (const [name, role] of [
    ['Mara Manager', 'siteManager'],
    ['Otto Operator', 'operator'],
    ['Vera Viewer', 'viewer'],
  ] as const)
    await call('people.createPerson', { name, email: `${role.toLowerCase()}@example.org`, role, at: { kind: 'site', site } });
  return { site, organisation };
}
