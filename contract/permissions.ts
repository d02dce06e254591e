// Who may do what: the role matrix as data, and pure functions over it. Screens hide by it, stations refuse by it.
import type { Id } from './ids.ts';

export const ROLES = ['viewer', 'operator', 'siteManager', 'organisationAdmin', 'platformAdmin', 'developer'] as const;
export type Role = (typeof ROLES)[number];

/** Where a role is given. Access to a site is granted by name, never inherited from another site. */
export const ROLE_LEVEL: Record<Role, 'site' | 'organisation' | 'platform'> = {
  viewer: 'site',
  operator: 'site',
  siteManager: 'site',
  organisationAdmin: 'organisation',
  platformAdmin: 'platform',
  developer: 'platform',
};

/** What somebody is in a team they belong to. It says nothing about any other place, and no role at a site says anything in a team. */
export const TEAM_ROLES = ['member', 'admin', 'owner'] as const;
export type TeamRole = (typeof TEAM_ROLES)[number];

type Condition = 'operatorsControl' | 'workAllowed';
type Rule =
  | {
      /** The narrowest place at which the permission has a meaning. */
      level: 'site' | 'organisation' | 'platform';
      /** Lowest role of the ladder viewer < operator < siteManager < organisationAdmin < platformAdmin that has it. */
      from: Exclude<Role, 'developer'>;
      /** The operator has it too where the site's own setting says so. */
      operatorIf?: Condition;
      developer?: true;
    }
  /** Lowest role of the ladder member < admin < owner < organisationAdmin < platformAdmin: administrators count as owners. */
  | { level: 'team'; from: TeamRole };

export const PERMISSIONS = {
  // the nine rows every plant knows
  'plant.view': { level: 'site', from: 'viewer' },
  'plant.export': { level: 'site', from: 'operator' },
  'plant.acknowledge': { level: 'site', from: 'operator' },
  'plant.control': { level: 'site', from: 'siteManager', operatorIf: 'operatorsControl' },
  'site.configure': { level: 'site', from: 'siteManager' },
  'site.people': { level: 'site', from: 'siteManager' },
  'organisation.people': { level: 'organisation', from: 'organisationAdmin' },
  'platform.organisations': { level: 'platform', from: 'platformAdmin' },
  'platform.administer': { level: 'platform', from: 'platformAdmin' },
  // what the other areas add
  'plant.configure': { level: 'site', from: 'siteManager' },
  'plant.peek': { level: 'site', from: 'siteManager' },
  'work.run': { level: 'site', from: 'siteManager', operatorIf: 'workAllowed' },
  'remote.use': { level: 'site', from: 'operator' },
  'remote.configure': { level: 'site', from: 'siteManager' },
  'remote.localShell': { level: 'site', from: 'siteManager' },
  'watch.health': { level: 'site', from: 'operator' },
  'watch.backup': { level: 'site', from: 'siteManager' },
  'site.keys': { level: 'site', from: 'siteManager' },
  'site.audit': { level: 'site', from: 'siteManager' },
  'sync.join': { level: 'site', from: 'siteManager' },
  'organisation.configure': { level: 'organisation', from: 'organisationAdmin' },
  'organisation.audit': { level: 'organisation', from: 'organisationAdmin' },
  'platform.updates': { level: 'platform', from: 'platformAdmin' },
  'platform.audit': { level: 'platform', from: 'platformAdmin' },
  'developer.testData': { level: 'platform', from: 'platformAdmin', developer: true },
  // beside them: teams, which cut across sites
  'team.view': { level: 'team', from: 'member' },
  'team.keep': { level: 'team', from: 'admin' },
  'team.own': { level: 'team', from: 'owner' },
} as const satisfies Record<string, Rule>;

export type Permission = keyof typeof PERMISSIONS;

/** A place in the tree, as far as permissions look: the whole platform, one organisation, or one site of it. */
export type TreePlace =
  | { kind: 'platform' }
  | { kind: 'organisation'; organisation: Id }
  | { kind: 'site'; organisation: Id; site: Id; operatorsControl: boolean; workAllowed: boolean };
/** Where a permission can be asked for: a place in the tree, or a team of an organisation beside it. */
export type Place = TreePlace | { kind: 'team'; organisation: Id; team: Id };

export type RoleGrant = { role: Role; at: { kind: 'platform' } | { kind: 'organisation'; organisation: Id } | { kind: 'site'; site: Id } };
export type TeamGrant = { role: TeamRole; at: { kind: 'team'; organisation: Id; team: Id } };
export type Grant = RoleGrant | TeamGrant;

const LADDER: readonly Grant['role'][] = ['viewer', 'operator', 'siteManager', 'organisationAdmin', 'platformAdmin'];
const TEAM_LADDER: readonly Grant['role'][] = [...TEAM_ROLES, 'organisationAdmin', 'platformAdmin'];

/** The grant reaches the place: the platform holds everything, an organisation its sites and teams, a site and a team themselves. */
export function reaches(at: Grant['at'], place: Place): boolean {
  if (at.kind === 'platform') return true;
  if (at.kind === 'organisation') return place.kind !== 'platform' && place.organisation === at.organisation;
  if (at.kind === 'team') return place.kind === 'team' && place.team === at.team;
  return place.kind === 'site' && place.site === at.site;
}

function roleHas(role: Grant['role'], rule: Rule, place: Place): boolean {
  // A role that is not on the ladder stands below its lowest rung.
  if (rule.level === 'team') return TEAM_LADDER.indexOf(role) >= TEAM_LADDER.indexOf(rule.from);
  if (role === 'developer') return rule.developer === true;
  if (LADDER.indexOf(role) >= LADDER.indexOf(rule.from)) return true;
  return role === 'operator' && rule.operatorIf !== undefined && place.kind === 'site' && place[rule.operatorIf];
}

/**
 * An organisation may ask for a second factor from some role on: without one, rights from there on do not count.
 * What one is in a team stands on the lowest rung: it counts until everybody is asked.
 */
export function countsWithout(secondFactorFrom: Role | null, role: Grant['role']): boolean {
  return secondFactorFrom === null || role === 'developer' || Math.max(0, LADDER.indexOf(role)) < LADDER.indexOf(secondFactorFrom);
}

export function allows(grants: readonly Grant[], permission: Permission, place: Place): boolean {
  const rule: Rule = PERMISSIONS[permission];
  return grants.some((grant) => reaches(grant.at, place) && roleHas(grant.role, rule, place));
}

/** May know that the place exists: any role of theirs reaches it, or a site or team they have one in lies inside it. */
export function sees(grants: readonly Grant[], place: Place, organisationOf: (site: Id) => Id | undefined): boolean {
  if (place.kind === 'platform') return true; // that there is one is no secret
  return grants.some(
    ({ role, at }) =>
      role !== 'developer' &&
      (reaches(at, place) ||
        (place.kind === 'organisation' &&
          ((at.kind === 'site' && organisationOf(at.site) === place.organisation) ||
            (at.kind === 'team' && at.organisation === place.organisation)))),
  );
}

/** What two sets of roles have in common: it allows exactly what both allow, at the narrower of their places. */
export function meet(one: readonly Grant[], other: readonly Grant[], organisationOf: (site: Id) => Id | undefined): Grant[] {
  const found = new Map<string, Grant>();
  for (const a of one)
    for (const b of other) {
      const role = lower(a.role, b.role);
      const at = narrower(a.at, b.at, organisationOf) ?? narrower(b.at, a.at, organisationOf);
      if (role !== undefined && at !== undefined) found.set(`${role} ${JSON.stringify(at)}`, { role, at } as Grant);
    }
  return [...found.values()];
}

function lower(a: Grant['role'], b: Grant['role']): Grant['role'] | undefined {
  if (a === b) return a;
  // A developer's tools are a platform administrator's too; apart from these they have nothing in common with anybody.
  if (a === 'developer' || b === 'developer') return [a, b].includes('platformAdmin') ? 'developer' : undefined;
  // What one is in a team is a part of what its administrators may, and of nothing else.
  const ladder = isOfTeam(a) || isOfTeam(b) ? TEAM_LADDER : LADDER;
  const lowest = Math.min(ladder.indexOf(a), ladder.indexOf(b));
  return lowest < 0 ? undefined : ladder[lowest];
}

const isOfTeam = (role: Grant['role']): role is TeamRole => (TEAM_ROLES as readonly string[]).includes(role);

/** The first, if it lies in the second. */
function narrower(a: Grant['at'], b: Grant['at'], organisationOf: (site: Id) => Id | undefined): Grant['at'] | undefined {
  if (b.kind === 'platform') return a;
  if (a.kind === 'platform') return undefined;
  const organisation = a.kind === 'site' ? organisationOf(a.site) : a.organisation;
  if (b.kind === 'organisation') return organisation === b.organisation ? a : undefined;
  if (b.kind === 'team') return a.kind === 'team' && a.team === b.team ? a : undefined;
  return a.kind === 'site' && a.site === b.site ? a : undefined;
}

/** The roles a person may hand out at a place: a site manager adds people below them, an administrator up to their own kind. */
export function grantable(grants: readonly Grant[], place: Place): Role[] {
  const here = grants.filter((grant) => reaches(grant.at, place)).map((grant) => grant.role);
  const level = place.kind;
  return ROLES.filter((role) => {
    if (ROLE_LEVEL[role] !== level) return false;
    if (here.includes('platformAdmin')) return true;
    if (here.includes('organisationAdmin')) return level !== 'platform';
    return here.includes('siteManager') && (role === 'viewer' || role === 'operator');
  });
}

/** What a person may make others in a team, and whom of it they may take out or make something else: an admin members, an owner anybody. */
export function grantableInTeam(grants: readonly Grant[], place: Place): TeamRole[] {
  if (place.kind !== 'team') return [];
  if (allows(grants, 'team.own', place)) return [...TEAM_ROLES];
  return allows(grants, 'team.keep', place) ? ['member'] : [];
}
