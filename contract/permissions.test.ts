// Who may do what, written down a second time by hand; and the three functions against slow, obvious ones.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  allows,
  countsWithout,
  type Grant,
  grantable,
  meet,
  PERMISSIONS,
  type Permission,
  type Place,
  ROLE_LEVEL,
  ROLES,
  type Role,
  sees,
} from './permissions.ts';

/** V viewer, O operator, M site manager, A organisation admin, P platform admin, D developer. */
const MATRIX: Record<Permission, string> = {
  'plant.view': 'VOMAP',
  'plant.export': 'OMAP',
  'plant.acknowledge': 'OMAP',
  'plant.control': 'MAP',
  'site.configure': 'MAP',
  'site.people': 'MAP',
  'organisation.people': 'AP',
  'platform.organisations': 'P',
  'platform.administer': 'P',
  'plant.configure': 'MAP',
  'plant.peek': 'MAP',
  'work.run': 'MAP',
  'remote.use': 'OMAP',
  'remote.configure': 'MAP',
  'remote.localShell': 'MAP',
  'watch.health': 'OMAP',
  'watch.backup': 'MAP',
  'site.keys': 'MAP',
  'site.audit': 'MAP',
  'sync.join': 'MAP',
  'organisation.configure': 'AP',
  'organisation.audit': 'AP',
  'platform.updates': 'P',
  'platform.audit': 'P',
  'developer.testData': 'PD',
};
/** What an operator may do as well where the site says so. */
const IF_THE_SITE_SAYS_SO: Partial<Record<Permission, 'operatorsControl' | 'workAllowed'>> = {
  'plant.control': 'operatorsControl',
  'work.run': 'workAllowed',
};
const LETTER: Record<Role, string> = {
  viewer: 'V',
  operator: 'O',
  siteManager: 'M',
  organisationAdmin: 'A',
  platformAdmin: 'P',
  developer: 'D',
};
/** The roles of one column may hand out the roles of the other, at a place of this kind. */
const HANDS_OUT: Record<Role, Record<Place['kind'], Role[]>> = {
  viewer: { site: [], organisation: [], platform: [] },
  operator: { site: [], organisation: [], platform: [] },
  siteManager: { site: ['viewer', 'operator'], organisation: [], platform: [] },
  organisationAdmin: { site: ['viewer', 'operator', 'siteManager'], organisation: ['organisationAdmin'], platform: [] },
  platformAdmin: {
    site: ['viewer', 'operator', 'siteManager'],
    organisation: ['organisationAdmin'],
    platform: ['platformAdmin', 'developer'],
  },
  developer: { site: [], organisation: [], platform: [] },
};

const PLATFORM: Place = { kind: 'platform' };
const NORTH: Place = { kind: 'organisation', organisation: 'north' };
const works = (rules: { operatorsControl?: boolean; workAllowed?: boolean } = {}): Place => ({
  kind: 'site',
  organisation: 'north',
  site: 'works',
  operatorsControl: false,
  workAllowed: false,
  ...rules,
});
const levels = { site: works(), organisation: NORTH, platform: PLATFORM };
const own: Record<'site' | 'organisation' | 'platform', Grant['at']> = {
  site: { kind: 'site', site: 'works' },
  organisation: { kind: 'organisation', organisation: 'north' },
  platform: { kind: 'platform' },
};
const foreign: typeof own = {
  site: { kind: 'site', site: 'mill' },
  organisation: { kind: 'organisation', organisation: 'south' },
  platform: { kind: 'organisation', organisation: 'south' },
};

test('every permission stands in the table, and the table names no other', () => {
  assert.deepEqual(Object.keys(MATRIX).sort(), Object.keys(PERMISSIONS).sort());
});

for (const [permission, holders] of Object.entries(MATRIX) as [Permission, string][])
  test(`${permission} is held by ${holders} and by nobody else`, () => {
    const place = levels[PERMISSIONS[permission].level];
    for (const role of ROLES) {
      const level = ROLE_LEVEL[role];
      assert.equal(allows([{ role, at: own[level] }], permission, place), holders.includes(LETTER[role]), `${role} in their own place`);
      assert.equal(allows([{ role, at: foreign[level] }], permission, place), false, `${role} of somewhere else`);
    }
  });

test('an operator controls, and runs work, exactly where the site says so', () => {
  const operator: Grant[] = [{ role: 'operator', at: own.site }];
  for (const rule of ['operatorsControl', 'workAllowed'] as const)
    for (const permission of Object.keys(MATRIX) as Permission[])
      assert.equal(
        allows(operator, permission, works({ [rule]: true })),
        (PERMISSIONS[permission].level === 'site' && MATRIX[permission].includes('O')) || IF_THE_SITE_SAYS_SO[permission] === rule,
        `${permission} with ${rule}`,
      );
});

// ---- against a second implementation that walks instead of reckoning

const SITES = { works: 'north', mill: 'north', dock: 'south', quay: 'east' } as const;
type SiteName = keyof typeof SITES;
const siteNames = Object.keys(SITES) as SiteName[];

const anyPlace: fc.Arbitrary<Place> = fc.oneof(
  fc.constant(PLATFORM),
  fc.constantFrom('north', 'south', 'east').map((organisation): Place => ({ kind: 'organisation', organisation })),
  fc
    .record({ site: fc.constantFrom(...siteNames), operatorsControl: fc.boolean(), workAllowed: fc.boolean() })
    .map((rest): Place => ({ kind: 'site', organisation: SITES[rest.site], ...rest })),
);
const anyGrants: fc.Arbitrary<Grant[]> = fc.array(
  fc.record({
    role: fc.constantFrom(...ROLES),
    at: fc.oneof(
      fc.constant<Grant['at']>({ kind: 'platform' }),
      fc.constantFrom('north', 'south', 'east').map((organisation): Grant['at'] => ({ kind: 'organisation', organisation })),
      fc.constantFrom(...siteNames).map((site): Grant['at'] => ({ kind: 'site', site })),
    ),
  }),
  { maxLength: 5 },
);
const anyPermission = fc.constantFrom(...(Object.keys(MATRIX) as Permission[]));

/** The place itself and everything that holds it, as words. */
function wayUp(place: Place): string[] {
  if (place.kind === 'platform') return ['platform'];
  if (place.kind === 'organisation') return [`organisation ${place.organisation}`, 'platform'];
  return [`site ${place.site}`, `organisation ${place.organisation}`, 'platform'];
}
const wordOf = (at: Grant['at']) =>
  at.kind === 'platform' ? 'platform' : at.kind === 'site' ? `site ${at.site}` : `organisation ${at.organisation}`;
const rolesAt = (grants: Grant[], place: Place) =>
  grants.filter((grant) => wayUp(place).includes(wordOf(grant.at))).map((grant) => grant.role);

test('allows: a role that reaches the place and stands in the table, or an operator where the site says so', () => {
  fc.assert(
    fc.property(anyGrants, anyPermission, anyPlace, (grants, permission, place) => {
      let expected = false;
      for (const role of rolesAt(grants, place)) {
        if (MATRIX[permission].includes(LETTER[role])) expected = true;
        const rule = IF_THE_SITE_SAYS_SO[permission];
        if (role === 'operator' && rule !== undefined && place.kind === 'site' && place[rule]) expected = true;
      }
      assert.equal(allows(grants, permission, place), expected);
    }),
    { numRuns: 3_000 },
  );
});

test('sees: the platform always; else a place one has a role at, above it, or at a site inside it', () => {
  const organisationOf = (site: string) => SITES[site as SiteName] as string | undefined;
  fc.assert(
    fc.property(anyGrants, anyPlace, (grants, place) => {
      const people = grants.filter((grant) => grant.role !== 'developer');
      let expected = place.kind === 'platform' || rolesAt(people, place).length > 0;
      if (place.kind === 'organisation')
        for (const name of siteNames)
          if (SITES[name] === place.organisation && people.some((grant) => wordOf(grant.at) === `site ${name}`)) expected = true;
      assert.equal(sees(grants, place, organisationOf), expected);
    }),
    { numRuns: 3_000 },
  );
});

test('grantable: what the roles one has at the place hand out, in words of the table', () => {
  fc.assert(
    fc.property(anyGrants, anyPlace, (grants, place) => {
      const expected = new Set(rolesAt(grants, place).flatMap((role) => HANDS_OUT[role][place.kind]));
      assert.deepEqual(new Set(grantable(grants, place)), expected);
    }),
    { numRuns: 3_000 },
  );
});

test('nobody hands out a role that may do what they may not do themselves', () => {
  fc.assert(
    fc.property(anyGrants, anyPlace, anyPermission, (grants, place, permission) => {
      for (const role of grantable(grants, place)) {
        if (role === 'developer') continue; // a right of its own, beside the ladder
        const at: Grant['at'] = place.kind === 'site' ? { kind: 'site', site: place.site } : place;
        if (allows([{ role, at }], permission, place)) assert.ok(allows(grants, permission, place), `${role} may ${permission}`);
      }
    }),
    { numRuns: 3_000 },
  );
});

test('another role never takes a right away', () => {
  fc.assert(
    fc.property(anyGrants, anyGrants, anyPermission, anyPlace, (some, more, permission, place) => {
      if (allows(some, permission, place)) assert.ok(allows([...some, ...more], permission, place));
    }),
  );
});

test('without a second factor the roles below the one that is asked count, and the developer’s, which no organisation gives', () => {
  const ladder = ['viewer', 'operator', 'siteManager', 'organisationAdmin'] as const;
  for (const [n, from] of ladder.entries()) {
    assert.deepEqual(
      ladder.map((role) => countsWithout(from, role)),
      ladder.map((_, m) => m < n),
      from,
    );
    assert.ok(countsWithout(from, 'developer'));
  }
  for (const role of ROLES) assert.ok(countsWithout(null, role));
});

test('meet: allows what both allow and nothing else, and shows no place that one of them does not see', () => {
  const organisationOf = (site: string) => SITES[site as SiteName] as string | undefined;
  fc.assert(
    fc.property(anyGrants, anyGrants, anyPermission, anyPlace, (one, other, permission, place) => {
      const both = meet(one, other, organisationOf);
      assert.equal(allows(both, permission, place), allows(one, permission, place) && allows(other, permission, place));
      if (sees(both, place, organisationOf)) assert.ok(sees(one, place, organisationOf) && sees(other, place, organisationOf));
    }),
    { numRuns: 5_000 },
  );
});
