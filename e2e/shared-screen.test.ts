// A screen that many people share: what one leaves behind, signing out without contact, a door that opens again by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { assertNoComplaints, goTo, signIn, sitDown } from './driver.ts';
import { ADMIN, startStation } from './station.ts';

const VERA = { email: 'vera@example.org', password: 'the phrase of the viewer' } as const;

async function addViewer(page: Page): Promise<void> {
  await goTo(page, 'People');
  await page.getByRole('button', { name: 'Add a person' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Vera Viewer');
  await dialog.getByLabel('E-mail').fill(VERA.email);
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  const link = await dialog.locator('code').textContent();
  assert.ok(link);
  await page.evaluate(
    async ({ secret, password }) => {
      const post = (path: string, input: object, token = '') =>
        fetch(path, {
          method: 'POST',
          credentials: 'omit',
          headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
          body: JSON.stringify(input),
        }).then((response) => response.json());
      const { token } = await post('/api/people/sign-in-by-link', { secret });
      await post('/api/people/change-password', { password }, token);
    },
    { secret: link.split('#link=')[1], password: VERA.password },
  );
  await dialog.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('cell', { name: VERA.email }).waitFor();
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
}

test('whoever signs in next sees nothing of whoever was there before, at no address', async (t) => {
  const station = await startStation(t);
  const screen = await sitDown(t);
  const { page } = screen;
  await signIn(screen, station.url);
  await addViewer(page);
  await signOut(page);

  // At the very address the administrator stood at.
  await page.getByLabel('E-mail').fill(VERA.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(VERA.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Nothing here' }).waitFor();
  const rail = page.getByRole('navigation', { name: 'Areas' });
  assert.deepEqual(await rail.getByRole('link').allInnerTexts(), ['Plant', 'Devices']);
  const place = page.url().replace(/people$/, '');
  for (const hidden of ['people', 'site', 'audit', 'organisations', 'health']) {
    await page.goto(`${place}${hidden}`);
    await page.getByRole('heading', { name: 'Nothing here' }).waitFor();
  }
  assert.ok(!(await page.locator('body').innerText()).includes(ADMIN.email));
  await goTo(page, 'Plant');
  await page.getByRole('heading', { name: 'Works 1', level: 1 }).waitFor();
  assertNoComplaints(screen);
});

test('without contact one signs out all the same; the station hears of it before anybody is let in again', async (t) => {
  const station = await startStation(t);
  const screen = await sitDown(t);
  const { page, context } = screen;
  await signIn(screen, station.url);
  await page.getByRole('heading', { name: 'Works 1', level: 1 }).waitFor();
  const held = (await context.cookies())[0];
  assert.ok(held);
  await station.stop();
  await page.getByText('No contact', { exact: true }).waitFor();
  await signOut(page);
  await page.getByText('You are signed out at this screen.').waitFor();

  await station.again();
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  const answer = await fetch(`${station.url}/api/people/me`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${held.value}` },
    body: '{}',
  });
  assert.equal(answer.status, 401, 'the session that was left lives on');
  await signIn(screen, station.url);
  assertNoComplaints(screen);
});

test('a screen nobody stands at finds its station again by itself', async (t) => {
  const station = await startStation(t);
  const screen = await sitDown(t);
  const { page } = screen;
  await page.goto(station.url);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  // Its page is there, and the station behind it is not.
  await page.route('**/api/people/**', (route) => route.abort('connectionrefused'));
  await page.reload();
  await page.getByText('The station does not answer.').waitFor();
  await page.unroute('**/api/people/**');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();

  // Also where it went away between two questions.
  await page.route('**/api/people/set-up-state', (route) => route.abort('connectionrefused'));
  await page.reload();
  await page.getByText('The station does not answer.').waitFor();
  await page.unroute('**/api/people/set-up-state');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assertNoComplaints(screen);
});

test('no address carries an act: a backup begins by a key or a press, never by a link', async (t) => {
  const station = await startStation(t);
  const screen = await sitDown(t);
  const { page } = screen;
  await signIn(screen, station.url);
  const asked: string[] = [];
  page.on('websocket', (socket) =>
    socket.on('framesent', ({ payload }) => String(payload).includes('startBackup') && asked.push(socket.url())),
  );
  const place = page.url().replace(/plant$/, '');
  await page.goto(`${place}health?backup=1`);
  await page.getByText('There is no backup yet.', { exact: true }).waitFor();
  assert.deepEqual(asked, []);
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('Go to, search or do').fill('back up');
  await page.keyboard.press('Enter');
  await page.getByRole('cell', { name: 'asked for' }).waitFor();
  assert.equal(asked.length, 1);
  // Not again when the page is loaded anew.
  await page.reload();
  await page.getByRole('cell', { name: 'asked for' }).waitFor();
  assert.equal(asked.length, 1);
  assertNoComplaints(screen);
});
