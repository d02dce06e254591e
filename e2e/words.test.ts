// Every word on every screen comes from the texts, every screen is reachable by keys and clean for a screen reader.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { assertAccessible, assertNoComplaints, signIn, sitDown } from './driver.ts';
import { furnish } from './program.ts';
import { startStation } from './station.ts';

const PAGES = ['plant', 'devices', 'site', 'people', 'teams', 'organisations', 'audit', 'health', 'account'];

/** Texts that are data or the same in every language: names people typed, times, numbers, keys, codes. */
const DATA =
  /^(Nordwerk|Works 1|Outpost|Ada Admin|AA|ada@example\.org|[\d\s:.,–%–-]+|C?GMT[+\d]*|CES?T|UTC|ms|MB|Europe\/Berlin|127\.0\.0\.1|console|Ctrl K|[·\s]*|\*|\d{4}-\d\d-\d\d.*)$/;

async function unbracketed(page: Page): Promise<string[]> {
  const texts = await page.evaluate(() => {
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const parent = node.parentElement;
      if (parent && !['SCRIPT', 'STYLE', 'OPTION'].includes(parent.tagName) && node.textContent?.trim())
        found.push(node.textContent.trim());
    }
    for (const element of document.querySelectorAll('[aria-label],[placeholder],[title]'))
      for (const name of ['aria-label', 'placeholder', 'title']) {
        const value = element.getAttribute(name);
        if (value) found.push(value);
      }
    return found;
  });
  return texts.filter((text) => !/⟦[^⟦⟧]*⟧/.test(text) && !DATA.test(text));
}

test('every word on every screen comes from the texts', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  await page.goto(`${station.url}/?language=en-XA`);
  await page.getByRole('button', { name: /⟦Sígñ íñ/ }).waitFor();
  assert.deepEqual(await unbracketed(page), [], 'sign-in');
  await page.locator('input[name=email]').fill('ada@example.org');
  await page.locator('input[name=password]').fill('a long enough phrase');
  await page.keyboard.press('Enter');
  await page.getByRole('navigation').first().waitFor();
  // A station speaks for itself in its own words where it reports of checks and commands: those sentences are data here.
  const spoken = /MB on disk|MB free|There is no backup yet\. The first|Whole as far/;
  for (const name of PAGES) {
    await page.goto(`${station.url}/outpost/nordwerk/works-1/${name}?language=en-XA`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByRole('navigation').first().waitFor();
    const left = (await unbracketed(page)).filter((text) => !spoken.test(text) && !/^Mozilla\//.test(text));
    assert.deepEqual(left, [], name);
  }
  assertNoComplaints(ada);
});

for (const colorScheme of ['dark', 'light'] as const)
  test(`every screen is clean for a screen reader (${colorScheme})`, async (t) => {
    const station = await startStation(t);
    await furnish(station.url);
    const ada = await sitDown(t, { colorScheme });
    await signIn(ada, station.url);
    for (const name of PAGES) {
      await ada.page.goto(`${station.url}/outpost/nordwerk/works-1/${name}`);
      await ada.page.getByRole('heading', { level: 1 }).waitFor();
      await ada.page.getByText('Connected', { exact: true }).waitFor();
      await assertAccessible(ada.page, `${name}, ${colorScheme}`);
    }
    assertNoComplaints(ada);
  });

test('every control of the frame is reached by Tab, and shows that it has the focus', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await page.getByText('This site has no buildings yet.').waitFor();
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  const reached: string[] = [];
  for (let n = 0; n < 40; n++) {
    await page.keyboard.press('Tab');
    const now = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const style = getComputedStyle(element);
      return {
        name: element.getAttribute('aria-label') ?? (element.textContent ?? '').trim(),
        ring: style.outlineStyle !== 'none' && style.outlineWidth !== '0px',
        body: element === document.body,
      };
    });
    if (now.body) break;
    assert.ok(now.ring, `“${now.name}” shows its focus`);
    reached.push(now.name);
  }
  for (const wanted of [
    'Skip to content',
    'Organisation: Nordwerk',
    'Choose a site: Works 1',
    'Notices',
    'Account of Ada Admin',
    'Plant',
    'Devices',
    'Site',
    'People',
    'Audit',
    'Health',
    'Add a building',
  ])
    assert.ok(
      reached.some((name) => name.includes(wanted)),
      `“${wanted}” among ${reached.join(' | ')}`,
    );
});
