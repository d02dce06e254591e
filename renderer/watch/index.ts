// watch on the screens: health of the station, its pulse, backups, mail, log.
import { Archive, HeartPulse } from 'lucide-react';
import type { PaletteContext, ScreenArea } from '../app/area.ts';
import { lazyPage } from '../app/lazyPage.tsx';

export const watch: ScreenArea = {
  area: 'watch',
  rail: [{ path: 'health', label: 'rail.health', icon: HeartPulse, shows: ({ may }) => may('watch.health', 'station') }],
  routes: [{ path: 'health', component: lazyPage(() => import('./HealthPage.tsx')) }],
  commands: ({ may, t, go }: PaletteContext) =>
    may('watch.backup', 'station')
      ? [{ id: 'backup', label: t('watch:backups.start'), icon: Archive, group: 'do', run: () => go('health', undefined, 'backup') }]
      : [],
};

export { texts } from './texts.ts';
