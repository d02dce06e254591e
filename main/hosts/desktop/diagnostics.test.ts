// What stands in the file for whoever helps, and what must not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnosticsOf, redacted } from './diagnostics.ts';

const FACTS = {
  at: '2026-11-21T10:00:00.000Z',
  versions: { outpost: '0.1.0', electron: '45.4.1' },
  settings: {},
  marks: { window: 100 },
  crashes: [{ at: 'x', what: 'page', how: 'crashed', said: 'at /home/ada/outpost/main.js for ada@example.org' }],
  log: '',
  home: '/home/ada',
};
const TOKEN = 'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF';

test('it is one JSON file with versions, settings, marks, crashes and the end of the log', () => {
  const log = Array.from({ length: 900 }, (_, n) => `{"level":"info","msg":"line ${n}"}`).join('\n');
  const said = JSON.parse(diagnosticsOf({ ...FACTS, log }));
  assert.deepEqual(Object.keys(said), ['at', 'versions', 'settings', 'marks', 'crashes', 'log']);
  assert.equal(said.log.length, 500);
  assert.equal(said.log.at(-1).msg, 'line 899');
  assert.equal(said.versions.electron, '45.4.1');
});

test('no secret is in it, wherever it stood', () => {
  const secrets = ['hunter2', 'deadbeefsecret', TOKEN, 'pgword', '123456', 'ada@example.org', '/home/ada'];
  const settings = {
    name: 'Works 1',
    metricsToken: 'deadbeefsecret',
    database: 'postgres://ada:pgword@host/outpost',
    mail: [{ password: 'hunter2', host: 'mail.example.org' }],
  };
  const log = [
    `{"level":"warn","msg":"refused","token":"${TOKEN}","deep":{"code":"123456"}}`,
    `{"msg":"opened outpost://app/#link=${TOKEN} for ada@example.org"}`,
    `{"msg":"Authorization: Bearer deadbeefsecret"}`,
    `{"msg":"connect postgres://ada:pgword@host/outpost failed, password=hunter2"}`,
    `{"msg":"cut short at /home/ada/x with ${TOKEN}`,
  ].join('\n');
  const text = diagnosticsOf({ ...FACTS, settings, log });
  for (const secret of secrets) assert.equal(text.includes(secret), false, secret);
  assert.match(text, /Works 1/);
  assert.match(text, /mail\.example\.org/);
  assert.match(text, /~\/outpost\/main\.js/);
});

test('what is no secret stays readable', () => {
  for (const text of [
    'the change 01920c5e-7b1a-7000-8000-000000000001 was refused',
    'sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'Another Outpost works in /srv/outpost.',
    'http://127.0.0.1:8480/api',
  ])
    assert.equal(redacted(text, '/home/ada'), text);
  assert.equal(redacted('/', '/'), '/');
});
