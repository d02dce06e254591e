// At the door of a desktop window: which station it is the door of, and the way to another one.
import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useApp } from '../hooks.ts';
import classes from './stations.module.css';
import { useChooser } from './stations.ts';

export function AtStation() {
  const { t } = useTranslation('app');
  const { stations } = useApp().door;
  const choose = useChooser((state) => state.show);
  if (stations === undefined) return null;
  return (
    <div className={classes.at}>
      <span className={classes.address}>{stations.at ?? t('stations.here')}</span>
      <Button size="compact-sm" variant="default" aria-haspopup="dialog" onClick={choose}>
        {t('stations.choose')}
      </Button>
    </div>
  );
}
