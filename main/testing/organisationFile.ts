// Files of organisations for tests: saved as somebody at a screen does, looked into, changed, and made to look true again.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { EXAMPLE } from '../../contract/examples.ts';
import type { Id } from '../../contract/ids.ts';
import { person as personEntity } from '../people/entities.ts';
import { linesOf } from '../people/organisationRead.ts';
import { station as itself } from '../store/index.ts';
import { mailServer } from '../watch/entities.ts';
import { type TestDatabase, temporaryFolder } from './databases.ts';
import { as, openWorld } from './people.ts';
import { isA, memoryReader } from './reader.ts';
import type { TestStation } from './station.ts';
import { CAST, OTHER } from './world.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test puts anything into a line
export type JsonLine = Record<string, any>;

/** What the stream brings, from a byte on. */
export async function saved(
  station: TestStation,
  organisation: Id = EXAMPLE.organisation,
  token: string = CAST.organisationAdmin.token,
  cursor?: string,
) {
  const reader = memoryReader(station, token);
  const stream = reader.open('people.organisationFile', { organisation }, cursor === undefined ? {} : { cursor });
  const { end } = isA(await stream.until(({ type }) => type === 'end'), 'end');
  reader.end();
  if (end.code !== undefined) throw Object.assign(new Error(end.message), { code: end.code });
  return Buffer.concat(stream.said.filter(({ type }) => type === 'bytes').map((said) => isA(said, 'bytes').bytes));
}

export const parsed = (bytes: Uint8Array | string): JsonLine[] =>
  bytes
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as JsonLine);

/** With the last line as the lines before it ask for: what somebody writes who knows the format, and means no good. */
export function sealed(lines: readonly string[]): string {
  const [first, ...rest] = lines;
  const { format, version, organisation } = JSON.parse(first as string) as JsonLine;
  const { id, key, name } = organisation;
  const content = [JSON.stringify({ format, version, organisation: { id, key, name } }), ...rest].map((line) => `${line}\n`).join('');
  const digest = createHash('sha256').update(content).digest('hex');
  return [...lines, JSON.stringify({ digest, lines: lines.length })].map((line) => `${line}\n`).join('');
}

/** The digest that a file ends with; the lines are read as an import reads them. */
export async function digestOf(file: string): Promise<string> {
  let last = '';
  for await (const { text } of linesOf(file)) last = text;
  const { digest } = JSON.parse(last) as { digest: string };
  assert.match(digest, /^[0-9a-f]{64}$/);
  return digest;
}

/** A name that is free. */
export const fileIn = (t: TestContext): string => join(temporaryFolder(t), 'organisation.jsonl');

export function fileOf(t: TestContext, content: Uint8Array | string): string {
  const file = fileIn(t);
  writeFileSync(file, content);
  return file;
}

/**
 * The world after a day's work: names changed, a building gone, a picture, a mail server, a member with a role elsewhere; quiet hours,
 * teams that came and went, an address that was proven, two accounts made one, somebody who has left.
 */
export async function workedIn(source: TestDatabase): Promise<TestStation> {
  const station = await openWorld(source);
  const { people } = as(station, 'siteManager');
  for (const name of ['Halle „A“', 'Hall \u2028 A', 'Hall A ✓']) await people.updatePlace({ place: EXAMPLE.building, name });
  const { place } = await people.createPlace({ site: EXAMPLE.site, parent: null, kind: 'building', name: 'Shed' });
  await people.removePlace({ place });
  await as(station, 'viewer').people.setPicture({ picture: { type: 'image/png', data: EXAMPLE.pixel } });
  await as(station, 'operator').people.updateMe({ name: 'Formerly Otto' });
  await as(station, 'operator').people.updateMe({ name: 'Olga' });
  await as(station, 'platformAdmin').people.grantRole({ person: CAST.operator.id, role: 'viewer', at: { kind: 'site', site: OTHER.site } });
  await peopleComeAndGo(station);
  await station.store.change(itself('test'), (tx) =>
    tx.create(mailServer, `org:${EXAMPLE.organisation}`, `org:${EXAMPLE.organisation}`, { host: 'mail.example.org' }),
  );
  return station;
}

async function peopleComeAndGo(station: TestStation): Promise<void> {
  const { people } = as(station, 'platformAdmin');
  const organisation = EXAMPLE.organisation;
  const at = { kind: 'site', site: EXAMPLE.site } as const;
  await people.updateSite({ site: EXAMPLE.site, quietHours: '22:00-06:00' });
  const { team } = await people.createTeam({ organisation, name: 'Nachtschicht', owner: CAST.siteManager.id });
  const { team: gone } = await people.createTeam({ organisation, name: 'Gone again', owner: CAST.operator.id });
  const { person: second } = await people.createPerson({ email: 'otto@second.example', name: 'Twice here', role: 'operator', at });
  const { person: left } = await people.createPerson({ email: 'left@example.org', name: 'Left us', role: 'viewer', at });
  for (const person of [second, left]) await people.setTeamMember({ team, person, role: 'admin' });
  await people.removeTeam({ team: gone });
  await people.removePerson({ organisation, person: left });
  await people.mergePeople({ from: second, into: CAST.operator.id });
  await station.store.change(itself('test'), (tx) => tx.update(personEntity, CAST.siteManager.id, { emailVerifiedAt: tx.now() }));
}
