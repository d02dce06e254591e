// Many people from a table: tried, mended, added, and their links saved. And a whole organisation the other way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFrame, encodeFrame, encodeJson, FRAME, frameJson } from '../contract/channel.ts';
import { assertAccessible, assertNoComplaints, goTo, signIn, sitDown } from './driver.ts';
import { ADMIN, startStation } from './station.ts';

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

test('an organisation is saved as a file once one has proven who one is, and it can be stopped on the way', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  // As if the sign-in were long ago, then a station that is slow, then itself.
  const said = ['unproven', 'slow'];
  await page.routeWebSocket(/\/api\/channel/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      const { type, stream, payload } = decodeFrame(message as Buffer);
      const asked = type === FRAME.open ? (frameJson(payload) as { stream: string }).stream : undefined;
      const now = asked === 'people.organisationFile' ? said.shift() : undefined;
      if (now === undefined) return server.send(message);
      if (now === 'unproven')
        socket.send(Buffer.from(encodeJson(FRAME.end, stream, { code: 'unconfirmed', message: 'Prove first that it is still you.' })));
      else socket.send(Buffer.from(encodeFrame(FRAME.bytes, stream, new Uint8Array(8 + 4_000))));
    });
  });
  await page.reload();
  await goTo(page, 'All sites');
  const save = page.getByRole('button', { name: 'Save as a file' });
  await save.click();
  const proof = page.getByRole('dialog', { name: 'Is it still you?' });
  await proof.getByRole('textbox', { name: 'Password' }).fill(ADMIN.password);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Saving, 4 kB', disabled: true }).waitFor();
  await assertAccessible(page, 'an organisation that is being saved');
  if (process.env.OUTPOST_SCREENSHOTS) await page.screenshot({ path: `${process.env.OUTPOST_SCREENSHOTS}/saving.png` });
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Cancel' }).waitFor({ state: 'detached' });
  const [download] = await Promise.all([page.waitForEvent('download'), save.click()]);
  assert.equal(download.suggestedFilename(), 'nordwerk.jsonl');
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  const lines = Buffer.concat(chunks).toString().split('\n').slice(0, -1);
  const header = JSON.parse(lines[0] ?? '') as { organisation: { name: string } };
  const end = JSON.parse(lines.at(-1) ?? '') as { lines: number };
  assert.deepEqual([header.organisation.name, end.lines], ['Nordwerk', lines.length - 1]);
  await save.waitFor();
  assertNoComplaints(ada);
});
