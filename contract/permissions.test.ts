// Who may do what, written down a second time by hand; and the functions against slow, obvious ones.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  allows,
  countsWithout,
  type Grant,
  grantable,
  grantableInTeam,
  meet,
  PERMISSIONS,
  type Permission,
  type Place,
  ROLE_LEVEL,
  ROLES,
  type Role,
  type RoleGrant,
  sees,
  TEAM_ROLES,
  type TeamGrant,
  type TeamRole,
  type TreePlace,
} from './permissions.ts';

/** V viewer, O operator, M site manager, A organisation admin, P platform admin, D developer; of a team m member, a admin, o owner. */
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
  'team.view': 'maoAP',
  'team.keep': 'aoAP',
  'team.own': 'oAP',
};
/** What an operator may do as well where the site says so. */
const IF_THE_SITE_SAYS_SO: Partial<Record<Permission, 'operatorsControl' | 'workAllowed'>> = {
  'plant.control': 'operatorsControl',
  'work.run': 'workAllowed',
};
const LETTER: Record<Role | TeamRole, string> = {
  viewer: 'V',
  operator: 'O',
  siteManager: 'M',
  organisationAdmin: 'A',
  platformAdmin: 'P',
  developer: 'D',
  member: 'm',
  admin: 'a',
  owner: 'o',
};
/** The roles of one column may hand out the roles of the other, at a place of this kind. */
const HANDS_OUT: Record<Role, Record<TreePlace['kind'], Role[]>> = {
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

/** Who may make whom what in a team, and take whom out of it. */
const HANDS_OUT_IN_TEAM: Record<Role | TeamRole, TeamRole[]> = {
  viewer: [],
  operator: [],
  siteManager: [],
  organisationAdmin: ['member', 'admin', 'owner'],
  platformAdmin: ['member', 'admin', 'owner'],
  developer: [],
  member: [],
  admin: ['member'],
  owner: ['member', 'admin', 'owner'],
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
const SHIFT: Place = { kind: 'team', organisation: 'north', team: 'shift' };
const levels = { site: works(), organisation: NORTH, platform: PLATFORM, team: SHIFT };
const own: Record<'site' | 'organisation' | 'platform', RoleGrant['at']> = {
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
    for (const role of TEAM_ROLES) {
      const inTeam = (team: string): Grant[] => [{ role, at: { kind: 'team', organisation: 'north', team } }];
      assert.equal(allows(inTeam('shift'), permission, place), holders.includes(LETTER[role]), `${role} of the team`);
      assert.equal(allows(inTeam('board'), permission, place), false, `${role} of another team`);
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
const TEAMS = { shift: 'north', board: 'north', repair: 'south' } as const;
type TeamName = keyof typeof TEAMS;
const anyTeam = fc
  .constantFrom(...(Object.keys(TEAMS) as TeamName[]))
  .map((team) => ({ kind: 'team' as const, organisation: TEAMS[team], team }));

const anyPlace: fc.Arbitrary<Place> = fc.oneof(
  fc.constant(PLATFORM),
  fc.constantFrom('north', 'south', 'east').map((organisation): Place => ({ kind: 'organisation', organisation })),
  fc
    .record({ site: fc.constantFrom(...siteNames), operatorsControl: fc.boolean(), workAllowed: fc.boolean() })
    .map((rest): Place => ({ kind: 'site', organisation: SITES[rest.site], ...rest })),
  anyTeam,
);
const anyRole: fc.Arbitrary<RoleGrant> = fc.record({
  role: fc.constantFrom(...ROLES),
  at: fc.oneof(
    fc.constant<RoleGrant['at']>({ kind: 'platform' }),
    fc.constantFrom('north', 'south', 'east').map((organisation): RoleGrant['at'] => ({ kind: 'organisation', organisation })),
    fc.constantFrom(...siteNames).map((site): RoleGrant['at'] => ({ kind: 'site', site })),
  ),
});
const anyInTeam: fc.Arbitrary<TeamGrant> = fc.record({ role: fc.constantFrom(...TEAM_ROLES), at: anyTeam });
const anyGrants: fc.Arbitrary<Grant[]> = fc.array(fc.oneof(anyRole, anyInTeam), { maxLength: 5 });
const anyPermission = fc.constantFrom(...(Object.keys(MATRIX) as Permission[]));

/** The place itself and everything that holds it, as words. */
function wayUp(place: Place): string[] {
  if (place.kind === 'platform') return ['platform'];
  if (place.kind === 'organisation') return [`organisation ${place.organisation}`, 'platform'];
  return [wordOf(place), `organisation ${place.organisation}`, 'platform'];
}
function wordOf(at: Grant['at']): string {
  if (at.kind === 'platform') return 'platform';
  if (at.kind === 'site') return `site ${at.site}`;
  return at.kind === 'team' ? `team ${at.team}` : `organisation ${at.organisation}`;
}
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

test('sees: the platform always; else a place one has a role at, above it, or at a site or team inside it', () => {
  const organisationOf = (site: string) => SITES[site as SiteName] as string | undefined;
  fc.assert(
    fc.property(anyGrants, anyPlace, (grants, place) => {
      const people: Grant[] = grants.filter((grant) => grant.role !== 'developer');
      let expected = place.kind === 'platform' || rolesAt(people, place).length > 0;
      if (place.kind === 'organisation')
        for (const name of siteNames)
          if (SITES[name] === place.organisation && people.some((grant) => wordOf(grant.at) === `site ${name}`)) expected = true;
      if (place.kind === 'organisation')
        for (const [name, organisation] of Object.entries(TEAMS))
          if (organisation === place.organisation && people.some((grant) => wordOf(grant.at) === `team ${name}`)) expected = true;
      assert.equal(sees(grants, place, organisationOf), expected);
    }),
    { numRuns: 3_000 },
  );
});

test('grantable: what the roles one has at the place hand out, in words of the table', () => {
  fc.assert(
    fc.property(anyGrants, anyPlace, (grants, place) => {
      const { kind } = place;
      const here = rolesAt(grants, place);
      const inTree = here.flatMap((role) => (kind !== 'team' && role in HANDS_OUT ? HANDS_OUT[role as Role][kind] : []));
      const inTeam = here.flatMap((role) => (kind === 'team' ? HANDS_OUT_IN_TEAM[role] : []));
      assert.deepEqual(new Set(grantable(grants, place)), new Set(inTree));
      assert.deepEqual(new Set(grantableInTeam(grants, place)), new Set(inTeam));
    }),
    { numRuns: 3_000 },
  );
});

test('nobody hands out a role that may do what they may not do themselves', () => {
  fc.assert(
    fc.property(anyGrants, anyPlace, anyPermission, (grants, place, permission) => {
      for (const role of grantable(grants, place)) {
        if (role === 'developer') continue; // a right of its own, beside the ladder
        assert.ok(place.kind !== 'team');
        const at: RoleGrant['at'] = place.kind === 'site' ? { kind: 'site', site: place.site } : place;
        if (allows([{ role, at }], permission, place)) assert.ok(allows(grants, permission, place), `${role} may ${permission}`);
      }
      for (const role of grantableInTeam(grants, place)) {
        assert.ok(place.kind === 'team');
        if (allows([{ role, at: place }], permission, place)) assert.ok(allows(grants, permission, place), `${role} may ${permission}`);
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
  for (const role of TEAM_ROLES)
    assert.deepEqual(
      ladder.map((from) => countsWithout(from, role)),
      [false, true, true, true],
      role,
    );
  for (const role of [...ROLES, ...TEAM_ROLES]) assert.ok(countsWithout(null, role));
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
