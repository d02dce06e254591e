// npm run screenshots: the pictures of the docs; with OUTPOST_SCREENSHOTS=FOLDER every page in both themes and sizes, to be looked at.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { signIn, sitDown } from './driver.ts';
import { furnish } from './program.ts';
import { startStation } from './station.ts';

const DOCS = fileURLToPath(new URL('../docs/images', import.meta.url));
const ALL = process.env.OUTPOST_SCREENSHOTS;
const PAGES = ['plant', 'devices', 'site', 'people', 'teams', 'organisations', 'audit', 'health', 'account'];

const shot = (folder: string, name: string) => ({ path: join(folder, `${name}.png`), animations: 'disabled' as const });

test('pictures', async (t) => {
  mkdirSync(DOCS, { recursive: true });
  const station = await startStation(t, { args: ['--name', 'Works 1 edge'] });
  await (ALL ? furnish(station.url) : furnish(station.url, 'Boiler house'));
  const at = (page: string) => `${station.url}/works-1-edge/nordwerk/works-1/${page}`;
  const looks = [
    { colorScheme: 'dark', viewport: { width: 1280, height: 720 } },
    { colorScheme: 'light', viewport: { width: 1280, height: 720 } },
    ...(ALL
      ? ([
          { colorScheme: 'dark', viewport: { width: 1920, height: 1080 } },
          { colorScheme: 'light', viewport: { width: 1920, height: 1080 } },
        ] as const)
      : []),
  ] as const;
  for (const look of looks) {
    const { page } = await sitDown(t, look);
    await page.goto(station.url);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    const name = `${look.colorScheme}-${look.viewport.width}`;
    if (ALL) await page.screenshot(shot(ALL, `sign-in-${name}`));
    await signIn({ page }, station.url);
    for (const one of ALL ? PAGES : ['plant', 'people']) {
      await page.goto(at(one));
      await page.getByText('Connected', { exact: true }).waitFor();
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle');
      if (ALL) await page.screenshot(shot(ALL, `${one}-${name}`));
      else await page.screenshot(shot(DOCS, `${one}-${look.colorScheme}`));
    }
  }
});

after(() => process.stdout.write(`Pictures in ${ALL ?? DOCS}\n`));
