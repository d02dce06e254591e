// people on the screens: who is here and what they may do, organisations and sites, the audit, one's own account.
import { Building2, Contact, History, ListTree, Users } from 'lucide-react';
import type { PaletteContext, ScreenArea, ScreenContext } from '../app/area.ts';
import { lazyPage } from '../app/lazyPage.tsx';

const seesPeople = (context: ScreenContext) =>
  context.here.site ? context.may('site.people', { site: context.here.site.id }) : keepsPeople(context);
const keepsPeople = ({ here, may }: ScreenContext) =>
  here.organisation !== undefined && may('organisation.people', { organisation: here.organisation.id });
const seesTeams = (context: ScreenContext) =>
  keepsPeople(context) || context.me.teams.some(({ organisation }) => organisation === context.here.organisation?.id);
const seesAudit = ({ here, may }: ScreenContext) => {
  if (here.site) return may('site.audit', { site: here.site.id });
  return may('site.audit', here.organisation ? { organisation: here.organisation.id } : 'platform');
};
const seesSite = ({ here, may }: ScreenContext) => here.site !== undefined && may('site.configure', { site: here.site.id });
const seesOrganisations = ({ me, may }: ScreenContext) =>
  may('platform.organisations', 'platform') || me.organisations.some((one) => may('organisation.configure', { organisation: one.id }));

export const people: ScreenArea = {
  area: 'people',
  rail: [
    { path: 'site', label: 'rail.site', icon: ListTree, shows: seesSite },
    { path: 'people', label: 'rail.people', icon: Users, shows: seesPeople },
    { path: 'teams', label: 'rail.teams', icon: Contact, shows: seesTeams },
    { path: 'organisations', label: 'rail.organisations', icon: Building2, shows: seesOrganisations },
    { path: 'audit', label: 'rail.audit', icon: History, shows: seesAudit },
  ],
  routes: [
    { path: 'people', component: lazyPage(() => import('./PeoplePage.tsx')) },
    { path: 'teams', component: lazyPage(() => import('./TeamsPage.tsx')) },
    { path: 'site', component: lazyPage(() => import('./SitePage.tsx')) },
    { path: 'organisations', component: lazyPage(() => import('./OrganisationsPage.tsx')) },
    { path: 'audit', component: lazyPage(() => import('./AuditPage.tsx')) },
    { path: 'account', component: lazyPage(() => import('./AccountPage.tsx')) },
  ],
  commands: (context: PaletteContext) => [
    ...(seesPeople(context)
      ? [
          {
            id: 'people-add',
            label: context.t('people:list.add'),
            icon: Users,
            group: 'do' as const,
            run: () => context.go('people', undefined, 'add'),
          },
        ]
      : []),
    ...(keepsPeople(context)
      ? [
          {
            id: 'teams-add',
            label: context.t('people:teams.add'),
            icon: Contact,
            group: 'do' as const,
            run: () => context.go('teams', undefined, 'add'),
          },
        ]
      : []),
  ],
};

export { type HistoryOf, useHistoryPanel } from './HistoryPanel.tsx';
export { texts } from './texts.ts';
export { childrenOf, type PlaceOfTree } from './tree.ts';
