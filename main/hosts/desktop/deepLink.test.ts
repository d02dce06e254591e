// Links from outside: what they may name, and all that they may not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deepLinkAmong, readDeepLink } from './deepLink.ts';

test('a link names a site and a page', () => {
  assert.deepEqual(readDeepLink('outpost://open/works-1/plant'), { site: 'works-1', page: 'plant' });
  assert.deepEqual(readDeepLink('outpost://open/works-1/plant/01920c5e-7b1a-7000-8000-000000000001'), {
    site: 'works-1',
    page: 'plant/01920c5e-7b1a-7000-8000-000000000001',
  });
  assert.deepEqual(readDeepLink('outpost://open/works-1'), { site: 'works-1', page: '' });
  assert.deepEqual(readDeepLink('outpost://open/works-1/'), { site: 'works-1', page: '' });
  assert.deepEqual(readDeepLink('outpost://open/-/health'), { site: '-', page: 'health' });
});

const HOSTILE = [
  '',
  'outpost:',
  'outpost://open',
  'outpost://open/',
  'outpost://open//plant',
  'outpost://open/works-1//plant',
  'outpost://open/../../etc/passwd',
  'outpost://open/works-1/..',
  'outpost://open/works-1/../plant',
  'outpost://open/./plant',
  'outpost://open/%2e%2e/plant',
  'outpost://open/works-1/%2e%2e',
  'outpost://open/works-1/plant?x=1',
  'outpost://open/works-1/plant#link=aaaaaaaaaaaaaaaaaaaa',
  'outpost://open/works-1/plant\\..\\x',
  'outpost://open/works-1/pl ant',
  'outpost://open/works-1/plant\n',
  'outpost://open/works-1/plant\0',
  'outpost://open/works-1/pl\u202eant',
  'outpost://open/wörks/plant',
  'outpost://open/-plant/x',
  'outpost://open/works-1/--data',
  'outpost://open/works-1/javascript:alert(1)',
  'outpost://open/works-1/"--inspect=0"',
  "outpost://open/works-1/'x",
  'outpost://open/works-1/`id`',
  'outpost://open/works-1/$(id)',
  'outpost://open/works-1/<script>',
  'outpost://open/__proto__/constructor()',
  'outpost://open@evil/works-1',
  'outpost://user:word@open/works-1',
  'outpost://open:80/works-1',
  'outpost://opener/works-1',
  'outpost://app/works-1',
  'outpost:/open/works-1',
  'outpost:open/works-1',
  'OUTPOST://open/works-1',
  ' outpost://open/works-1',
  'https://open/works-1',
  'file:///etc/passwd',
  `outpost://open/${'a'.repeat(64)}`,
  `outpost://open/works-1/${'a/'.repeat(6)}a`,
  `outpost://open/works-1/${'a'.repeat(100_000)}`,
];

test('nothing else is a link, and nothing is mended until it is one', () => {
  for (const address of HOSTILE) assert.equal(readDeepLink(address), undefined, JSON.stringify(address.slice(0, 80)));
});

test('whatever is given, what comes out is a plain path of ours', () => {
  const pieces = fc.constantFrom('outpost://open/', 'works-1', '/', '..', '.', '-', '%2f', '#', '?', '\\', 'a', '@', ':', ' ');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(pieces).map((all) => `outpost://open/${all.join('')}`),
      ),
      (address) => {
        const link = readDeepLink(address);
        if (link === undefined) return;
        const path = `/station/organisation/${link.site}/${link.page}`;
        const url = new URL(path, 'https://app.example');
        assert.equal(url.href, `https://app.example${path}`);
      },
    ),
  );
});

test('among the arguments of a start there is one link or none', () => {
  const link = { site: 'works-1', page: 'plant' };
  assert.deepEqual(deepLinkAmong(['/usr/bin/outpost', '--data', '/srv', 'outpost://open/works-1/plant']), link);
  assert.deepEqual(deepLinkAmong(['outpost://open/works-1/plant', '--allow-file-access-from-files']), link);
  assert.equal(deepLinkAmong(['/usr/bin/outpost', '--demo']), undefined);
  assert.equal(deepLinkAmong(['--data=outpost://open/works-1/plant']), undefined);
  assert.equal(deepLinkAmong(['outpost://open/works-1/plant', 'outpost://open/works-2']), undefined);
  assert.equal(deepLinkAmong(['outpost://app/', 'outpost://open/works-1/plant']), undefined);
});
