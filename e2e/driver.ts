// A person at a screen. The suite speaks to this and not to a kind of host: a window of the desktop can stand here as well.
import assert from 'node:assert/strict';
import { after, type TestContext } from 'node:test';
import AxeBuilder from '@axe-core/playwright';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { launchBrowser } from './browser.ts';
import { ADMIN } from './station.ts';

export type Person = {
  page: Page;
  context: BrowserContext;
  /** What the page complained of: errors of scripts, violations of its policy. */
  complaints: string[];
};

let browser: Promise<Browser> | undefined;
after(async () => (await browser)?.close());

/** One browser a file, a fresh profile a person. */
export async function sitDown(t: TestContext, options: BrowserContextOptions = {}): Promise<Person> {
  browser ??= launchBrowser();
  const context = await (await browser).newContext({
    locale: 'en-US',
    timezoneId: 'Europe/Berlin',
    viewport: { width: 1280, height: 720 },
    reducedMotion: 'reduce',
    ignoreHTTPSErrors: true,
    ...options,
  });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
  page.on('console', (message) => {
    // A refusal is an answer: the browser reports its status as an error all the same.
    if (message.type() === 'error' && !/status of 4\d\d|WebSocket connection|ERR_CONNECTION/.test(message.text()))
      complaints.push(message.text());
  });
  t.after(() => context.close());
  return { page, context, complaints };
}

export async function signIn({ page }: Pick<Person, 'page'>, url: string, who: { email: string; password: string } = ADMIN): Promise<void> {
  await page.goto(url);
  await page.getByLabel('E-mail').fill(who.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(who.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Areas' }).waitFor();
}

/** To a page by the rail. */
export const goTo = (page: Page, area: string) =>
  page.getByRole('navigation', { name: 'Areas' }).getByRole('link', { name: area, exact: true }).click();

/** No serious finding of axe on what is shown now. */
export async function assertAccessible(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter((violation) => violation.impact === 'serious' || violation.impact === 'critical');
  assert.deepEqual(
    serious.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`),
    [],
    `accessibility of ${where}`,
  );
}

export const assertNoComplaints = ({ complaints }: Person) => assert.deepEqual(complaints, [], 'the page complained');
