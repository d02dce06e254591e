// plant on the screens: the site in one look, a system from near, devices and what their tags say.
import { Cpu, Factory, FileUp, Workflow } from 'lucide-react';
import type { PaletteCommand, PaletteContext, ScreenArea } from '../app/area.ts';
import { useLive } from '../app/hooks.ts';
import { lazyPage } from '../app/lazyPage.tsx';

export const plant: ScreenArea = {
  area: 'plant',
  rail: [
    {
      path: 'plant',
      label: 'rail.plant',
      icon: Factory,
      shows: ({ here, may, me }) => (here.site ? may('plant.view', { site: here.site.id }) : me.sites.length > 0),
    },
    {
      path: 'devices',
      label: 'rail.devices',
      icon: Cpu,
      shows: ({ here, may }) => here.site !== undefined && may('plant.view', { site: here.site.id }),
    },
  ],
  routes: [
    { path: 'plant', component: lazyPage(() => import('./OverviewPage.tsx')) },
    { path: 'plant/$system', component: lazyPage(() => import('./SystemPage.tsx')) },
    { path: 'devices', component: lazyPage(() => import('./DevicesPage.tsx')) },
    { path: 'devices/$device', component: lazyPage(() => import('./DevicePage.tsx')) },
  ],
  commands: ({ here, may, t, go }: PaletteContext) =>
    here.site && may('plant.configure', { site: here.site.id })
      ? [
          {
            id: 'devices-import',
            label: t('plant:import.palette'),
            icon: FileUp,
            group: 'do',
            run: () => go('devices', undefined, 'import'),
          },
        ]
      : [],
  useSearch: usePlaces,
};

/** Buildings and systems of the present site, by name. */
function usePlaces({ here, may, go }: PaletteContext): PaletteCommand[] {
  const site = here.site && may('plant.view', { site: here.site.id }) ? here.site : undefined;
  const { values } = useLive('people.places', site && { site: site.id });
  if (site === undefined) return [];
  return [...(values?.values() ?? [])].map((place) => ({
    id: `place-${place.id}`,
    label: place.name,
    description: site.name,
    icon: Workflow,
    group: 'found',
    run: () => go(`plant/${place.id}`),
  }));
}

export { texts } from './texts.ts';
