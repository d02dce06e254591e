// What one sees before being in: the station's name, and one thing to do.
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../hooks.ts';
import { useStationState } from '../station.ts';
import { AtStation } from '../stations/AtStation.tsx';
import { OtherCertificate } from '../stations/OtherCertificate.tsx';
import classes from './Door.module.css';
import { SetUp } from './SetUp.tsx';
import { SignIn } from './SignIn.tsx';

export function Door() {
  const { t } = useTranslation('app');
  const { door } = useApp();
  const phase = useStationState((state) => state.phase);
  return (
    <main className={classes.door}>
      {door.insecure && (
        <p role="alert" className={classes.insecure}>
          {t('door.insecure')}
        </p>
      )}
      <div className={classes.card} data-wide={phase === 'setUp'}>
        <p className={classes.product}>{t('product')}</p>
        <AtStation />
        <Inside />
      </div>
    </main>
  );
}

function Inside(): ReactNode {
  const { t } = useTranslation('app');
  const { door } = useApp();
  const phase = useStationState((state) => state.phase);
  const trouble = useStationState((state) => state.trouble);
  if (phase === 'setUp') return <SetUp />;
  if (phase === 'signIn') return <SignIn />;
  if (phase === 'outdated')
    return (
      <Stopped
        title={t('door.outdated')}
        hint={t('door.outdatedHint')}
        action={<Button onClick={() => location.reload()}>{t('door.reload')}</Button>}
      />
    );
  if (phase === 'unreachable' && trouble?.data?.cause === 'certificate') return <OtherCertificate refusal={trouble} />;
  if (phase === 'unreachable')
    return (
      <Stopped
        title={t('door.unreachable')}
        // Of one elsewhere more may be known than that it is silent.
        hint={(door.stations?.at !== undefined && trouble?.message) || t('door.unreachableHint')}
        action={<Button onClick={() => void door.begin()}>{t('door.tryAgain')}</Button>}
      />
    );
  return <p className="quiet">{t('door.starting')}</p>;
}

function Stopped({ title, hint, action }: { title: string; hint: string; action: ReactNode }) {
  return (
    <div role="alert">
      <h1 className={classes.title}>{title}</h1>
      <p className={classes.hint}>{hint}</p>
      {action}
    </div>
  );
}
