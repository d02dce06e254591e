// The frame around every page: bar above, rail at the side, tray below. What breaks inside a page breaks nothing here.
import { Outlet, useLocation } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { pageOf } from '../address.ts';
import { useApp, useCanAct } from '../hooks.ts';
import { useHere } from '../useHere.ts';
import { useFollowShell } from '../useShell.ts';
import { Bar } from './Bar.tsx';
import { Confirm } from './Confirm.tsx';
import classes from './Frame.module.css';
import { Keys } from './Keys.tsx';
import { useKeys } from './keys.ts';
import { NothingHere } from './NothingHere.tsx';
import { OfflineBanner } from './OfflineBanner.tsx';
import { Palette } from './Palette.tsx';
import { Rail } from './Rail.tsx';
import { Tray } from './Tray.tsx';
import { UndoOffer } from './UndoOffer.tsx';
import { ViewBar } from './ViewBar.tsx';

export function Frame() {
  const { t } = useTranslation('app');
  const { door } = useApp();
  const here = useHere();
  const canAct = useCanAct();
  const { pathname } = useLocation();
  useKeys();
  useFollowShell();
  let page: ReactNode = <Outlet />;
  if (here === undefined) page = <NothingHere />;
  else if (here.site === undefined && here.organisation === undefined && pageOf(pathname) === '') page = <NothingHere />;
  return (
    <div className={classes.frame}>
      <a href="#content" className={classes.skip}>
        {t('common.skip')}
      </a>
      {door.insecure && (
        <div role="alert" className={classes.insecure}>
          {t('door.insecure')}
        </div>
      )}
      <ViewBar />
      <Bar />
      <OfflineBanner />
      <div className={classes.middle}>
        <Rail />
        <main id="content" className={classes.content}>
          {page}
        </main>
      </div>
      {canAct && <Tray />}
      <Palette />
      <Keys />
      <Confirm />
      <UndoOffer />
    </div>
  );
}
