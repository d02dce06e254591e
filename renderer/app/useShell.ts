// Follows what the window wants: goes where a link leads, says what has happened.
import { useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { announce } from '../ui/announce.ts';
import { useApp, useMe } from './hooks.ts';
import { addressWanted, useShell } from './shell.ts';

export function useFollowShell(): void {
  const { t } = useTranslation('app');
  const me = useMe();
  const { door } = useApp();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const { wanted, happened } = useShell();
  useEffect(() => {
    if (wanted === undefined) return;
    useShell.setState({ wanted: undefined });
    const address = addressWanted(me, wanted, pathname);
    if (address === undefined) announce(t('shell.noSuchSite', { site: wanted.site }), { failed: true });
    else void navigate({ to: address });
  }, [wanted, me, pathname, navigate, t]);
  useEffect(() => {
    if (happened.length === 0) return;
    useShell.setState({ happened: [] });
    // What happened here is said as such to somebody who is elsewhere.
    const elsewhere = door.stations?.at !== undefined;
    for (const one of happened)
      announce(t(elsewhere && one === 'stationAgain' ? 'shell.ownStationAgain' : `shell.${one}`), { lasting: true });
  }, [happened, door, t]);
}
