// Calm words when the station does not answer: since when, and what that means.
import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clockSeconds } from '../../ui/time.ts';
import { useApp } from '../hooks.ts';
import { useStationState } from '../station.ts';
import classes from './OfflineBanner.module.css';

/** A link that is back within this time is not worth a word. */
const PATIENCE_MS = 1_500;

export function OfflineBanner() {
  const { t } = useTranslation('app');
  const { door } = useApp();
  const connected = useStationState((state) => state.connected);
  const lastContact = useStationState((state) => state.lastContact);
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (connected) return setShown(false);
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [connected]);
  if (!shown) return null;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <div role="alert" className={classes.banner}>
      <span>{t('offline.banner', { time: lastContact === undefined ? '–' : clockSeconds(lastContact, zone) })}</span>
      <Button size="compact-sm" variant="default" onClick={() => door.reconnect()}>
        {t('offline.retry')}
      </Button>
    </div>
  );
}
