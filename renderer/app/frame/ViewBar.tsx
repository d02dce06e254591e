// Above everything while one sees the station as somebody else: as whom, that nothing can be changed, and the way back.
import { Button } from '@mantine/core';
import { Eye } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clockSeconds, zoneName } from '../../ui/time.ts';
import { useApp, useMe } from '../hooks.ts';
import { usePlantZone } from '../useHere.ts';
import classes from './ViewBar.module.css';

export function ViewBar() {
  const { t } = useTranslation('app');
  const { door } = useApp();
  const { person, seenBy } = useMe();
  const zone = usePlantZone();
  const [ending, setEnding] = useState(false);
  if (seenBy === null) return null;
  function end() {
    setEnding(true);
    void door.endSeeAs();
  }
  return (
    <div role="status" className={classes.bar}>
      <Eye size={18} strokeWidth={1.75} aria-hidden className={classes.icon} />
      <span>{t('view.bar', { name: person.name, until: `${clockSeconds(seenBy.until, zone)} ${zoneName(seenBy.until, zone)}` })}</span>
      <Button size="compact-md" variant="default" loading={ending} onClick={end}>
        {t('view.end')}
      </Button>
    </div>
  );
}
