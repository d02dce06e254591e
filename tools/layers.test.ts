import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breaches, importsOf } from './layers.ts';

const broken = (file: string, specifier: string, how = `import { x } from '${specifier}';`) => breaches(importsOf(file, how));

test('each breach of the layers is named', () => {
  const wrong: [file: string, specifier: string][] = [
    ['contract/people.ts', 'node:fs'],
    ['contract/people.ts', '../main/site.ts'],
    ['contract/people.ts', 'kysely'],
    ['main/store/index.ts', '../people/index.ts'],
    ['main/people/roles.ts', '../watch/index.ts'],
    ['main/watch/mail.ts', '../people/roles.ts'],
    ['main/watch/mail.ts', 'better-sqlite3'],
    ['main/watch/mail.ts', '../hosts/web/server.ts'],
    ['main/site.ts', './hosts/edge/run.ts'],
    ['main/hosts/edge/run.ts', '../desktop/main.ts'],
    ['main/hosts/edge/run.ts', '../../people/roles.ts'],
    ['main/hosts/edge/run.ts', 'electron'],
    ['main/testing/electron/world.ts', 'electron'],
    ['main/watch/updates.ts', 'electron-updater'],
    ['main/people/roles.ts', '../testing/world.ts'],
    ['preload/index.ts', '../contract/people.ts'],
    ['renderer/app/App.tsx', '../people/index.ts'],
    ['renderer/people/PeoplePage.tsx', '../watch/Mail.tsx'],
    ['renderer/people/PeoplePage.tsx', '../../main/site.ts'],
    ['renderer/people/PeoplePage.tsx', 'node:fs'],
    ['renderer/ui/Page.tsx', '../plant/index.ts'],
  ];
  for (const [file, specifier] of wrong) assert.equal(broken(file, specifier).length >= 1, true, `${file} imports ${specifier}`);
});

test('what the layers allow passes', () => {
  const right: [file: string, specifier: string][] = [
    ['contract/people.ts', './values.ts'],
    ['contract/people.ts', 'zod'],
    ['main/store/log.ts', '../../contract/clock.ts'],
    ['main/watch/index.ts', '../people/index.ts'],
    ['main/watch/index.ts', '../store/backup.ts'],
    ['main/people/roles.ts', '../area.ts'],
    ['main/hosts/edge/run.ts', '../web/server.ts'],
    ['main/hosts/desktop/main.ts', 'electron'],
    ['main/testing/appImage.ts', 'electron-updater'],
    ['renderer/plant/OverviewPage.tsx', '../people/index.ts'],
    ['renderer/main.tsx', './people/index.ts'],
    ['main/people/roles.test.ts', '../testing/world.ts'],
  ];
  for (const [file, specifier] of right) assert.deepEqual(broken(file, specifier), [], `${file} imports ${specifier}`);
});

test('an import is seen in every form it can take', () => {
  for (const how of [
    "import x from '../hosts/web/server.ts';",
    "import '../hosts/web/server.ts';",
    "import type { X } from '../hosts/web/server.ts';",
    "import {\n  a,\n  b,\n} from '../hosts/web/server.ts';",
    "export * from '../hosts/web/server.ts';",
    "const later = await import('../hosts/web/server.ts');",
  ])
    assert.equal(broken('main/watch/mail.ts', '', how).length >= 1, true, how);
  assert.deepEqual(broken('main/watch/mail.ts', '', "// import x from '../hosts/web/server.ts';"), []);
});
