// The main path through the desktop's window, whoever stands behind it: the double of Electron, or the real one.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { assertAccessible, goTo } from './driver.ts';

export type Seat = {
  page: Page;
  /** Somebody opens a link from outside. */
  openLink(link: string): Promise<void>;
  killStation(): void;
  /** Titles of what the system has shown beside the window. Undefined where nobody can look. */
  notifications?: () => string[];
  /** Whether the person looks at the window. */
  lookAway?: (away: boolean) => void;
};

const PASSWORD = 'a long enough phrase';

/** Sets the station up and looks at everything an administrator sees on the first morning. */
export async function walkThroughWindow({ page, openLink, killStation, notifications, lookAway }: Seat): Promise<void> {
  await page.getByRole('heading', { name: 'Set this station up' }).waitFor();
  assert.equal(await page.getByLabel('Code').count(), 0, 'at the station’s own machine no code is asked for');
  await page.getByLabel('Organisation').fill('Nordwerk');
  await page.getByRole('textbox', { name: 'Site' }).fill('Works 1');
  await page.getByLabel('Name').fill('Ada Admin');
  await page.getByLabel('E-mail').fill('ada@example.org');
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Set up' }).click();
  await page.getByRole('heading', { name: 'Works 1', level: 1 }).waitFor();
  await page.getByText('Connected', { exact: true }).waitFor();
  await assertAccessible(page, 'the plant in the window');
  assert.deepEqual(await page.evaluate('Object.keys(window.outpost)'), ['dial', 'tell']);

  // The session is the window's: another load of the page needs no new sign-in.
  await page.reload();
  await page.getByRole('heading', { name: 'Works 1', level: 1 }).waitFor();

  // The station dies under the screens: they say so, and go on.
  const noContact = page.getByText('No contact', { exact: true }).waitFor();
  killStation();
  await noContact;
  await page.getByText('Connected', { exact: true }).waitFor();
  await page.getByText('The station stopped unexpectedly and was started again.').waitFor();

  // The tree of the site, and the people in it.
  await goTo(page, 'Site');
  await page.getByRole('button', { name: 'Add a building' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Hall A');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Actions for Hall A' }).click();
  await page.getByRole('menuitem', { name: 'Add a system' }).click();
  await dialog.getByLabel('Name').fill('Heating');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Actions for Heating' }).waitFor();
  await goTo(page, 'People');
  await page.getByRole('button', { name: 'Add a person' }).click();
  await dialog.getByLabel('Name').fill('Vera Viewer');
  await dialog.getByLabel('E-mail').fill('vera@example.org');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await dialog.getByRole('button', { name: 'Done' }).click();
  await page.getByText('Vera Viewer').waitFor();
  await goTo(page, 'Audit');
  await page.getByText('added a person').first().waitFor();

  // A link from outside leads to a page, or says that it leads nowhere; the page itself is not loaded anew.
  await page.evaluate('window.stillTheSamePage = true');
  await openLink('outpost://open/works-1/plant');
  await page.getByRole('link', { name: 'Heating' }).waitFor();
  await openLink('outpost://open/no-such-site/plant');
  await page.getByText('The link leads to “no-such-site”').waitFor();
  await openLink('outpost://open/-/health');
  await page.getByRole('heading', { name: 'Health of the station' }).waitFor();
  assert.equal(await page.evaluate('window.stillTheSamePage'), true);

  // A task that ends while nobody looks is told beside the window as well.
  lookAway?.(true);
  await page.getByRole('button', { name: 'Back up now' }).click();
  await page.getByText('Backup is finished').first().waitFor();
  if (notifications) for (let tries = 0; !notifications().includes('Backup is finished'); tries++) await settle(page, tries);
  lookAway?.(false);

  await page.getByRole('button', { name: 'Account of Ada Admin' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
  // At the door a link waits until somebody is in.
  await openLink('outpost://open/works-1/plant');
  await page.getByLabel('E-mail').fill('ada@example.org');
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page
    .getByRole('link', { name: 'Hall A' })
    .or(page.getByRole('link', { name: 'Heating' }))
    .first()
    .waitFor();
}

/** Two turns of the page: what it has told its window is there by then, or soon. */
async function settle(page: Page, tries: number): Promise<void> {
  assert.ok(tries < 500, 'the system has shown nothing');
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
}
