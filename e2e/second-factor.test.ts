// The second factor on the screens: chosen, asked for, lost and taken off; and the proof before a critical act.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { codeAt, STEP_MS } from '../main/people/totp.ts';
import { assertAccessible, assertNoComplaints, goTo, signIn, sitDown } from './driver.ts';
import { furnish } from './program.ts';
import { ADMIN, startStation } from './station.ts';

/** What a phone does with the key that is typed into it. */
function phoneWith(key: string): (steps?: number) => string {
  const bits = [...key].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  return (steps = 0) => codeAt(secret, Math.floor(Date.now() / STEP_MS) + steps);
}

async function toAccount(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'My account' }).click();
}

test('a phone is chosen, asked for at the door, remembered by a device, and replaced by a recovery code', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await toAccount(page);
  await page.getByRole('button', { name: 'Use my phone' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('img', { name: 'QR code for an authenticator app' }).waitFor();
  const phone = phoneWith((await dialog.locator('code').textContent()) ?? '');
  await assertAccessible(page, 'choosing a phone');
  await dialog.getByLabel('The code it shows').fill('abcdef');
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await dialog.getByText('The code is not right.').waitFor();
  await dialog.getByLabel('The code it shows').fill(phone());
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await dialog.getByText('Your recovery codes').waitFor();
  const codes = await dialog.locator('ol code').allTextContents();
  assert.equal(new Set(codes).size, 10);
  await dialog.getByRole('button', { name: 'I have kept them' }).click();
  await page.getByText(/10 recovery codes left/).waitFor();

  const elsewhere = await sitDown(t);
  const door = elsewhere.page;
  const withPassword = async () => {
    await door.goto(station.url);
    await door.getByLabel('E-mail').fill(ADMIN.email);
    await door.getByRole('textbox', { name: 'Password' }).fill(ADMIN.password);
    await door.getByRole('button', { name: 'Sign in' }).click();
  };
  const signOut = async () => {
    await door.getByRole('button', { name: /^Account of/ }).click();
    await door.getByRole('menuitem', { name: 'Sign out' }).click();
    await door.getByRole('heading', { name: 'Sign in' }).waitFor();
  };
  await withPassword();
  await door.getByLabel('Code from your phone').fill('abc def');
  await assertAccessible(door, 'the second step');
  await door.keyboard.press('Enter');
  await door.getByRole('alert').getByText('The code is not right.').waitFor();
  await door.getByLabel('Code from your phone').fill(codes[0] as string);
  await door.getByRole('checkbox', { name: 'Remember this device for 30 days' }).check();
  await door.keyboard.press('Enter');
  await door.getByRole('navigation', { name: 'Areas' }).waitFor();
  await signOut();
  await withPassword();
  await door.getByRole('navigation', { name: 'Areas' }).waitFor();
  await page.reload();
  await page.getByText(/9 recovery codes left/).waitFor();
  await page.getByText(/^Remembered since .*: Chrome on (Linux|macOS|Windows)$/).waitFor();
  await page.getByRole('button', { name: 'Forget the devices' }).click();
  await page.getByText(/0 devices remembered/).waitFor();
  await signOut();
  await withPassword();
  // The code of this step went with the confirming: the next one is good as well.
  await door.getByLabel('Code from your phone').fill(phone(1));
  await door.keyboard.press('Enter');
  await door.getByRole('navigation', { name: 'Areas' }).waitFor();
  assertNoComplaints(ada);
  assertNoComplaints(elsewhere);
});

test('before a critical act one proves that it is still oneself; who would rather not changes nothing', async (t) => {
  const station = await startStation(t);
  await furnish(station.url);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  // As if the sign-in were long ago: the station refuses the first time, as it will in ten minutes.
  let refusals = 1;
  await page.routeWebSocket(/\/api\/calls/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      const said = JSON.parse(String(message)) as { id: number; call?: string };
      if (said.call !== 'people.disablePerson' || refusals === 0) return server.send(message);
      refusals -= 1;
      socket.send(
        JSON.stringify({ id: said.id, refused: { code: 'unconfirmed', message: 'Prove first that it is still you.', data: {} } }),
      );
    });
  });
  await page.reload();
  await goTo(page, 'People');
  await page.getByText('Vera Viewer').click();
  const bar = async () => {
    await page.getByRole('button', { name: 'Bar from signing in' }).click();
    await page.getByRole('button', { name: 'Bar', exact: true }).click();
  };
  await bar();
  const proof = page.getByRole('dialog', { name: 'Is it still you?' });
  await proof.waitFor();
  await assertAccessible(page, 'the proof');
  await proof.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('alert').getByText('Prove first that it is still you.').waitFor();
  refusals = 1;
  await bar();
  await proof.getByRole('textbox', { name: 'Password' }).fill('not it');
  await page.keyboard.press('Enter');
  await proof.getByText('The password is not right.').waitFor();
  await proof.getByRole('textbox', { name: 'Password' }).fill(ADMIN.password);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Let sign in again' }).waitFor();
  await proof.waitFor({ state: 'detached' });
  assertNoComplaints(ada);
});

test('an organisation asks for it: whoever has none is shown the way, and is back once they have one', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await goTo(page, 'People');
  await page.getByRole('button', { name: 'Add a person' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Otto Operator');
  await page.getByRole('dialog').getByLabel('E-mail').fill('otto@example.org');
  await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click();
  const link = await page.getByRole('dialog').locator('code').textContent();
  await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click();
  const otto = await sitDown(t);
  await otto.page.goto(link as string);
  await otto.page.getByRole('heading', { name: 'Works 1', level: 1 }).waitFor();

  await goTo(page, 'All sites');
  await page.getByLabel('Second factor', { exact: true }).first().click();
  await page.getByRole('option', { name: 'everybody is asked' }).click();
  await assertAccessible(page, 'what an organisation asks for');
  await otto.page.getByRole('heading', { name: 'A second factor is asked for' }).waitFor();
  await assertAccessible(otto.page, 'the way to a second factor');
  await otto.page.getByRole('button', { name: 'My account', exact: true }).click();
  await otto.page.getByRole('button', { name: 'Use my phone' }).click();
  const phone = phoneWith((await otto.page.getByRole('dialog').locator('code').textContent()) ?? '');
  await otto.page.getByLabel('The code it shows').fill(phone());
  await otto.page.getByRole('button', { name: 'Confirm' }).click();
  await otto.page.getByRole('button', { name: 'I have kept them' }).click();
  await otto.page.goto(station.url);
  await otto.page.getByRole('heading', { name: 'Works 1', level: 1 }).waitFor();
  assertNoComplaints(ada);
  assertNoComplaints(otto);
});
