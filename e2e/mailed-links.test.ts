// Links that go by mail: the one who invites sees none, the one who is invited comes in, and what cannot be sent is tried again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMailServer } from '../main/testing/mailServer.ts';
import { assertAccessible, assertNoComplaints, goTo, signIn, sitDown } from './driver.ts';
import { program } from './program.ts';
import { startStation } from './station.ts';

const readable = (text: string) => text.replace(/=\r\n/g, '').replaceAll('=3D', '=');

test('a person is invited by mail and comes in by it; where no mail can be sent nobody is offered it', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  const dialog = page.getByRole('dialog');
  const byMail = dialog.getByRole('checkbox', { name: 'Send the link by mail' });
  await signIn(ada, station.url);
  await goTo(page, 'People');
  await page.getByRole('button', { name: 'Add a person' }).click();
  await dialog.getByLabel('Name').waitFor();
  assert.equal(await byMail.count(), 0);
  await dialog.getByRole('button', { name: 'Cancel' }).click();

  const box = await openMailServer(t);
  const { call } = await program(station.url);
  const server = { host: '127.0.0.1', port: box.port, security: 'none', user: '', from: 'outpost@example.org' };
  await call('watch.setMailServer', { server });
  await box.close();
  await page.reload();
  await page.getByRole('button', { name: 'Add a person' }).click();
  await dialog.getByLabel('Name').fill('Otto Operator');
  await dialog.getByLabel('E-mail').fill('otto@example.org');
  await byMail.waitFor();
  await assertAccessible(page, 'inviting by mail');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await dialog.getByText('otto@example.org: The mail server did not take the mail').waitFor();
  await assertAccessible(page, 'a mail that was not taken');

  const back = await openMailServer(t, undefined, { port: box.port });
  await dialog.getByRole('button', { name: 'Try again' }).click();
  await dialog.getByText('The link was sent to otto@example.org.').waitFor();
  assert.equal(await dialog.locator('code').count(), 0, 'the link itself is not shown');
  await dialog.getByRole('button', { name: 'Done' }).click();

  const [link] = /http:\/\/127\.0\.0\.1:\d+\/#link=[\w-]{43}/.exec(readable(back.mails[0]?.text ?? '')) ?? [];
  const otto = await sitDown(t);
  await otto.page.goto(link ?? assert.fail('there is no link in the mail'));
  await otto.page.getByRole('navigation', { name: 'Areas' }).waitFor();
  await page.reload();
  await page
    .getByRole('row', { name: /Otto Operator/ })
    .getByRole('img', { name: 'Address proven' })
    .waitFor();
  await page.getByRole('button', { name: 'Otto Operator' }).click();
  await dialog.getByRole('button', { name: 'Send a link by mail' }).click();
  await dialog.getByText('The link was sent to otto@example.org.').waitFor();
  await assertAccessible(page, 'a person who has proven their address');
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'From a table' }).click();
  await dialog.getByLabel('Table', { exact: true }).fill('name,email,role,site\nIda,ida@example.org,viewer,works-1\n');
  await dialog.getByRole('button', { name: 'Try it' }).click();
  await dialog.getByText('gets a mail').waitFor();
  await dialog.getByRole('button', { name: 'Add them' }).click();
  await dialog.getByText('All links were sent.').waitFor();
  assert.equal(await dialog.getByRole('button', { name: 'Save the links' }).count(), 0);
  await assertAccessible(page, 'many invited by mail');
  assertNoComplaints(ada);
  assertNoComplaints(otto);
});
