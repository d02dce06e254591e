// Every migration, in order. A new one goes to the end with its own file and its own test; an old one is never edited.
import type { Migrate } from '../ddl.ts';
import * as store from './0010-store.ts';
import * as people from './0020-people.ts';
import * as watch from './0030-watch.ts';
import * as secondFactor from './0040-second-factor.ts';
import * as keys from './0050-keys.ts';
import * as audit from './0060-audit.ts';
import * as secondFactorPolicy from './0070-second-factor-policy.ts';
import * as quietHours from './0072-quiet-hours.ts';
import * as auditThings from './0074-audit-things.ts';
import * as teams from './0080-teams.ts';
import * as mailedLinks from './0090-mailed-links.ts';
import * as views from './0110-views.ts';

export type Migration = { version: number; up(migrate: Migrate): Promise<void> };

export const migrations: readonly Migration[] = [
  { version: 10, up: store.up },
  { version: 20, up: people.up },
  { version: 30, up: watch.up },
  { version: 40, up: secondFactor.up },
  { version: 50, up: keys.up },
  { version: 60, up: audit.up },
  { version: 70, up: secondFactorPolicy.up },
  { version: 72, up: quietHours.up },
  { version: 74, up: auditThings.up },
  { version: 80, up: teams.up },
  { version: 90, up: mailedLinks.up },
  { version: 110, up: views.up },
];
