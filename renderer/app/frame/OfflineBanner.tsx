// Calm words when the station does not answer: since when, and what that means.
import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clockSeconds, zoneName } from '../../ui/time.ts';
import { useApp } from '../hooks.ts';
import { useStationState } from '../station.ts';
import { usePlantZone } from '../useHere.ts';
import classes from './OfflineBanner.module.css';

/** A link that is back within this time is not worth a word. */
const PATIENCE_MS = 1_500;

export function OfflineBanner() {
  const { t } = useTranslation('app');
  const { door } = useApp();
  const connected = useStationState((state) => state.connected);
  const lastContact = useStationState((state) => state.lastContact);
  const offset = useStationState((state) => state.clockOffset);
  const zone = usePlantZone();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (connected) return setShown(false);
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [connected]);
  if (!shown) return null;
  const since = lastContact === undefined ? '–' : `${clockSeconds(lastContact + offset, zone)} ${zoneName(lastContact, zone)}`;
  return (
    <div role="alert" className={classes.banner}>
      <span>{t('offline.banner', { time: since })}</span>
      <Button size="compact-sm" variant="default" onClick={() => door.reconnect()}>
        {t('offline.retry')}
      </Button>
    </div>
  );
}
