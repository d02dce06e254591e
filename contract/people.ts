// people: accounts, organisations, sites and their tree, roles and grants, sessions, audit.
import { account, accountStreams } from './people/account.ts';
import { audit, auditStreams } from './people/audit.ts';
import { keys } from './people/keys.ts';
import { merge } from './people/merge.ts';
import { organisationFileStreams } from './people/organisationFile.ts';
import { roles } from './people/roles.ts';
import { teams } from './people/teams.ts';
import { tree, treeStreams } from './people/tree.ts';
import { undo } from './people/undo.ts';
import { views } from './people/views.ts';
import { area } from './procedure.ts';

export { type Me, me } from './people/account.ts';
export { type AuditEntry, type AuditFilter, auditEntry } from './people/audit.ts';
export { type GrantPlace, grantPlace } from './people/shapes.ts';
export type { LastChange } from './people/undo.ts';

export const people = area('people', { ...account, ...tree, ...roles, ...teams, ...merge, ...keys, ...audit, ...views, ...undo });

export const peopleStreams = { ...accountStreams, ...treeStreams, ...auditStreams, ...organisationFileStreams };

/** Facts about people, told after they are committed. */
export type PeopleEvent =
  | { event: 'people.grantsChanged'; person: string; by: string | null; role: string; where: string; given: boolean }
  | { event: 'people.rightsChanged'; person: string }
  | { event: 'people.personChanged'; person: string }
  | { event: 'people.sessionEnded'; session: string; person: string }
  | { event: 'people.sessionConfirmed'; session: string; person: string }
  | { event: 'people.siteChanged'; site: string }
  | { event: 'people.organisationChanged'; organisation: string }
  | { event: 'people.teamChanged'; team: string }
  | { event: 'people.placesChanged'; site: string; place: string }
  | { event: 'people.preferenceChanged'; person: string }
  | { event: 'people.audited'; organisation: string | null };
