// What belongs to an organisation follows from the declarations: what a later area declares goes along by itself.
import assert from 'node:assert/strict';
import { openBlobs } from '../store/blobs.ts';
import { createSharedTable, OPTIONAL_TEXT, TEXT } from '../store/ddl.ts';
import { entity, optionalText, text } from '../store/entities.ts';
import { migrations } from '../store/migrations/index.ts';
import { onBoth, temporaryFolder } from '../testing/databases.ts';
import { fileOf, sealed } from '../testing/organisationFile.ts';
import { author, ENTITIES, openTestStore } from '../testing/store.ts';
import { organisation, person, preference, site } from './entities.ts';
import { bodyLines } from './organisationFile.ts';
import { examine } from './organisationRead.ts';

const fixed = (n: number) => `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
const OWN = { organisation: fixed(1), site: fixed(2), crew: fixed(3), crewSite: fixed(4), board: fixed(5) };
const OTHER = { organisation: fixed(11), site: fixed(12), crew: fixed(13), crewSite: fixed(14), board: fixed(15) };

const workspace = entity({ name: 'workspace', table: 'crews', scope: ['org', 'site'], fields: { name: text() }, authority: 'hub' });
const board = entity({
  name: 'board',
  table: 'boards',
  scope: ['platform', 'workspace'],
  fields: { name: text(), cover: optionalText({ blob: true }) },
  authority: 'anyone',
});
const entities = [...ENTITIES, workspace, board];

onBoth('records in the scopes of an organisation, of its sites and of what lies in them go along, others do not', async (source) => {
  const store = await openTestStore(source, {
    entities,
    migrations: [
      ...migrations,
      {
        version: 1_000_000,
        async up(migrate) {
          await createSharedTable(migrate, 'crews', { name: TEXT });
          await createSharedTable(migrate, 'boards', { name: TEXT, cover: OPTIONAL_TEXT });
        },
      },
    ],
  });
  const blobs = openBlobs(temporaryFolder(source.t));
  const cover = await blobs.put(Buffer.from('a cover'));
  await store.change(author(), async (tx) => {
    for (const [of, word] of [
      [OWN, 'own'],
      [OTHER, 'other'],
    ] as const) {
      await tx.create(organisation, of.organisation, 'platform', { key: word, name: word });
      await tx.create(site, of.site, `site:${of.site}`, { organisation: of.organisation, key: word, name: word });
      await tx.create(workspace, of.crew, `org:${of.organisation}`, { name: `${word} crew` });
      await tx.create(workspace, of.crewSite, `site:${of.site}`, { name: `${word} crew of the site` });
      await tx.create(board, of.board, `workspace:${of.crewSite}`, { name: `${word} board`, cover });
    }
    await tx.remove(workspace, OWN.crew);
    await tx.create(board, fixed(99), 'platform', { name: 'for everybody' });
    await tx.create(person, fixed(20), 'platform', { email: 'a@example.org', emailKey: 'a@example.org', name: 'A member of nothing' });
    await tx.create(preference, `${fixed(20)}:theme`, `user:${fixed(20)}`, { person: fixed(20), name: 'theme', value: 'dark' });
  });
  const lines = await store.snapshot(async (at) => {
    const found: string[] = [];
    for await (const line of bodyLines(at, entities, blobs, OWN.organisation)) found.push(line);
    return found;
  });
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    parsed.filter(({ record }) => record !== undefined).map(({ record, id }) => [record, id]),
    [
      ['board', OWN.board],
      ['organisation', OWN.organisation],
      ['site', OWN.site],
      ['workspace', OWN.crew],
      ['workspace', OWN.crewSite],
    ],
  );
  assert.deepEqual(
    parsed.filter(({ blob }) => blob !== undefined).map(({ blob }) => blob),
    [cover],
  );
  const changed = parsed.filter(({ change }) => change !== undefined);
  assert.deepEqual(new Set(changed.map(({ id }) => id)), new Set([OWN.board, OWN.organisation, OWN.site, OWN.crew, OWN.crewSite]));
  assert.ok(!lines.some((line) => /other|everybody|nothing/.test(line)));

  const header = {
    format: 'outpost-organisation',
    version: 1,
    organisation: { id: OWN.organisation, key: 'own', name: 'own' },
    exportedAt: '2026-03-01T08:00:00.000Z',
    station: { id: store.stationId, version: '0' },
  };
  const whole = fileOf(source.t, sealed([JSON.stringify(header), ...lines]));
  const { records, blobs: count } = await examine(whole, entities, store.clock());
  assert.deepEqual([Object.fromEntries(records), count], [{ board: 1, organisation: 1, site: 1, workspace: 2 }, 1]);
  const cut = fileOf(
    source.t,
    sealed([JSON.stringify(header), ...lines.filter((line) => !line.includes(OWN.crewSite) || line.includes('board'))]),
  );
  await assert.rejects(examine(cut, entities, store.clock()), {
    message: /^Line 2 speaks of workspace:\S+, which is not of this organisation/,
  });
});
