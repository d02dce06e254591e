// The station one is at shows another certificate than was confirmed: both, and what to do. Nothing was said to it.
import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Refusal } from '../../../contract/errors.ts';
import type { OtherCertificate as Told } from '../../../contract/relay.ts';
import { Fingerprint } from './Fingerprint.tsx';
import classes from './stations.module.css';
import { useChooser } from './stations.ts';

export function OtherCertificate({ refusal }: { refusal: Refusal }) {
  const { t } = useTranslation('app');
  const choose = useChooser((state) => state.show);
  const { confirmed, shown } = refusal.data as Told;
  return (
    <div role="alert" className={classes.changed}>
      <h1>{t('stations.changed')}</h1>
      <p>{refusal.message}</p>
      <Fingerprint label={t('stations.confirmed')} value={confirmed} />
      <Fingerprint label={t('stations.shown')} value={shown} />
      <Button onClick={choose}>{t('stations.choose')}</Button>
    </div>
  );
}
