// Many people from a table: tried, mended, added, and their links saved.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, assertNoComplaints, goTo, signIn, sitDown } from './driver.ts';
import { startStation } from './station.ts';

test('a table is tried, mended and carried out; a new person comes in by the saved link', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await goTo(page, 'People');
  await page.getByRole('button', { name: 'From a table' }).click();
  const dialog = page.getByRole('dialog');
  const bytes = Buffer.from('name;email;role;site\r\nIda;ida@example.org;viewer;works-1\r\nOtto;otto@example.org;emperor;works-1\r\n');
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), dialog.getByRole('button', { name: 'Choose a file' }).click()]);
  await chooser.setFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: bytes });
  await dialog.getByRole('button', { name: 'Try it' }).click();
  await dialog.getByText('1 line cannot be.').waitFor();
  await dialog.getByText('“emperor” is no role').waitFor();
  await assertAccessible(page, 'a table that cannot be');

  const table = dialog.getByLabel('Table', { exact: true });
  await table.fill((await table.inputValue()).replace('emperor', 'operator'));
  await dialog.getByRole('button', { name: 'Try it' }).click();
  await dialog.getByText('It would work: 2 people.').waitFor();
  await dialog.getByRole('button', { name: 'Add them' }).click();
  await dialog.getByText('2 people are in.').waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: 'Save the links' }).click()]);
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  const [head, first] = Buffer.concat(chunks).toString().split('\r\n');
  assert.equal(head, 'email,link');
  const [email, link] = (first ?? '').split(',') as [string, string];
  assert.equal(email, 'ida@example.org');
  await dialog.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('cell', { name: 'otto@example.org' }).waitFor();

  const ida = await sitDown(t);
  await ida.page.goto(link);
  await ida.page.getByRole('heading', { name: 'Works 1', level: 1 }).waitFor();
  assertNoComplaints(ada);
  assertNoComplaints(ida);
});

test('an organisation is saved as a file after a proof of who asks, and can be opened', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await goTo(page, 'All sites');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as a file' }).click()]);
  assert.equal(download.suggestedFilename(), 'nordwerk.jsonl');
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  const lines = Buffer.concat(chunks).toString().split('\n').slice(0, -1);
  const header = JSON.parse(lines[0] ?? '') as { organisation: { name: string } };
  const end = JSON.parse(lines.at(-1) ?? '') as { lines: number };
  assert.deepEqual([header.organisation.name, end.lines], ['Nordwerk', lines.length - 1]);
  await page.getByRole('button', { name: 'Save as a file' }).waitFor();
  await assertAccessible(page, 'organisations');
  assertNoComplaints(ada);
});
