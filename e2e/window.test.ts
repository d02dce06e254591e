// The desktop's window as far as it goes without Electron's binary: the built screens and the built preload in a real Chromium,
// the built main process under its double, the real station behind it. The ports between are real at both ends; a bridge carries
// them from one program to the other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertNoComplaints, sitDown } from './driver.ts';
import { becomeWindow, ORIGIN, oneDesktop } from './windowDouble.ts';
import { walkThroughWindow } from './windowWalk.ts';

const started = oneDesktop();

test('in its window a station is set up, shows its plant, dies and goes on, follows links, and is signed out of and in again', async (t) => {
  const desktop = await started;
  const person = await sitDown(t);
  const { page } = person;
  const { dialled } = await becomeWindow(person.context, desktop);
  await page.goto(ORIGIN);
  await walkThroughWindow({
    page,
    openLink: async (link) => void desktop.secondInstance(['/usr/bin/outpost', link]),
    killStation: () => void process.kill(desktop.forked.at(-1)?.pid as number, 'SIGKILL'),
    notifications: () => desktop.shell.seen.notifications.map(({ options }) => options.title ?? ''),
    lookAway(away) {
      const [window] = desktop.windows;
      if (window) window.isLookedAt = !away;
    },
  });
  assert.equal(desktop.forked.length, 2);
  assert.ok(dialled.includes('channel') && dialled.includes('calls'), `only ${dialled} were dialled`);
  assertNoComplaints(person);
});

test('a page that speaks another version than the station says so, and what to do', async (t) => {
  const person = await sitDown(t);
  await becomeWindow(person.context, await started, '9.0');
  await person.page.goto(ORIGIN);
  await person.page.getByRole('alert').getByText('This page is of another version than the station.').waitFor();
  assertNoComplaints(person);
});
