import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Me } from '../../contract/people.ts';
import { addressOf, hereOf, homeOf, pageAbove, pageOf } from './address.ts';

const organisation = (id: string, key: string) => ({ id, key, name: key, archivedAt: null });
const site = (id: string, key: string, of: string, archivedAt: number | null = null) => ({
  id,
  key,
  organisation: of,
  name: key,
  timeZone: 'UTC',
  operatorsControl: false,
  workAllowed: false,
  quietHours: null,
  archivedAt,
});
const me = {
  organisations: [organisation('o1', 'nord'), organisation('o2', 'sued')],
  sites: [site('s2', 'works-2', 'o1'), site('s1', 'works-1', 'o1'), site('s0', 'old', 'o1', 5), site('s3', 'works-1', 'o2')],
  station: { key: 'demo' },
} as unknown as Me;

test('an address leads to the place it was made from, also where two organisations use one key', () => {
  for (const there of me.sites) {
    const owner = me.organisations.find((one) => one.id === there.organisation);
    const path = addressOf({ station: 'demo', organisation: owner, site: there }, 'plant/7');
    const [, station = '', organisationKey = '', siteKey = ''] = path.split('/');
    assert.equal(hereOf(me, station, organisationKey, siteKey)?.site?.id, there.id);
    assert.equal(pageOf(path), 'plant/7');
  }
});

test('a dash stands for all of them; an unknown name is no place', () => {
  assert.equal(addressOf({ station: 'demo', organisation: undefined, site: undefined }, 'plant'), '/demo/-/-/plant');
  assert.deepEqual(hereOf(me, 'demo', '-', '-'), { station: 'demo', organisation: undefined, site: undefined });
  assert.equal(hereOf(me, 'demo', 'nord', '-')?.site, undefined);
  assert.equal(hereOf(me, 'demo', 'nord', 'works-9'), undefined);
  assert.equal(hereOf(me, 'demo', 'west', '-'), undefined);
  assert.equal(hereOf(me, 'demo', 'sued', 'works-2'), undefined, 'a site of another organisation');
});

test('home is the oldest site in use', () => {
  assert.equal(homeOf(me).site?.id, 's1');
  assert.equal(homeOf({ ...me, sites: [] } as Me).site, undefined);
  assert.equal(homeOf({ ...me, sites: [] } as Me).organisation?.id, 'o1');
});

test('one level up ends at the page of the rail', () => {
  assert.equal(pageAbove('plant/7'), 'plant');
  assert.equal(pageAbove('plant'), undefined);
  assert.equal(pageAbove(''), undefined);
});
