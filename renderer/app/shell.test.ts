// Where a wish from outside the page leads.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Me } from '../../contract/people.ts';
import { addressWanted } from './shell.ts';

const site = (id: string, organisation: string, key: string, archivedAt: number | null = null) => ({ id, organisation, key, archivedAt });
const me = {
  station: { key: 'outpost' },
  organisations: [
    { id: 'o1', key: 'nordwerk' },
    { id: 'o2', key: 'suedwerk' },
  ],
  sites: [site('1', 'o1', 'works-1'), site('2', 'o2', 'works-1'), site('3', 'o1', 'hall', 5), site('4', 'o2', 'hall')],
} as unknown as Me;

test('a link leads to its site, wherever one stands', () => {
  assert.equal(addressWanted(me, { site: 'works-1', page: 'plant/x' }, '/'), '/outpost/nordwerk/works-1/plant/x');
  assert.equal(addressWanted(me, { site: 'works-1', page: '' }, '/outpost/suedwerk/-/people'), '/outpost/suedwerk/works-1');
  assert.equal(addressWanted(me, { site: 'hall', page: 'plant' }, '/'), '/outpost/suedwerk/hall/plant', 'not the archived one');
});

test('a dash is where one stands, or where one begins', () => {
  assert.equal(addressWanted(me, { site: '-', page: 'health' }, '/outpost/suedwerk/-/people'), '/outpost/suedwerk/-/health');
  assert.equal(addressWanted(me, { site: '-', page: '' }, '/outpost/suedwerk/-/people'), '/outpost/suedwerk/-');
  assert.equal(addressWanted(me, { site: '-', page: 'health' }, '/'), '/outpost/nordwerk/works-1/health');
  assert.equal(addressWanted(me, { site: '-', page: 'health' }, '/another/x/y/z'), '/outpost/nordwerk/works-1/health');
});

test('a site one does not see is none', () => {
  assert.equal(addressWanted(me, { site: 'works-9', page: 'plant' }, '/'), undefined);
  assert.equal(addressWanted({ ...me, sites: [] }, { site: 'works-1', page: 'plant' }, '/'), undefined);
});
