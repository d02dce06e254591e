// How the station is: checks in words, its pulse, backups, mail, log.
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CircleAlert, CircleCheck, OctagonAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Check } from '../../contract/watch.ts';
import { asRefusal } from '../app/calls.ts';
import { useMay, useStation } from '../app/hooks.ts';
import { usePlantZone } from '../app/useHere.ts';
import { Page } from '../ui/Page.tsx';
import { Refused } from '../ui/Refused.tsx';
import { dateTime } from '../ui/time.ts';
import { Backups } from './Backups.tsx';
import { LiveLog } from './LiveLog.tsx';
import { Mail } from './Mail.tsx';
import { Updates } from './Updates.tsx';
import { Vitals } from './Vitals.tsx';
import classes from './watch.module.css';

const ICONS = { good: CircleCheck, attention: CircleAlert, bad: OctagonAlert } as const;

export default function HealthPage() {
  const { t } = useTranslation('watch');
  const station = useStation();
  const may = useMay();
  const zone = usePlantZone();
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: ['watch.health'],
    queryFn: () => station.watch.health({}),
    refetchInterval: 15_000,
  });
  return (
    <Page
      title={t('health.title')}
      status={data && `${t(`health.${data.state}`)} · ${t('health.running', { time: dateTime(data.startedAt, zone) })}`}
      actions={
        <Button variant="default" loading={isFetching} onClick={() => void refetch()}>
          {t('health.refresh')}
        </Button>
      }
    >
      {error && <Refused refusal={asRefusal(error)} />}
      <ul className={classes.checks}>
        {data?.checks.map((check) => (
          <CheckRow key={check.name} check={check} />
        ))}
      </ul>
      <Vitals />
      {may('watch.backup', 'station') && <Backups zone={zone} />}
      {may('site.configure', 'station') && <Mail />}
      {may('platform.updates', 'platform') && <Updates zone={zone} />}
      <LiveLog />
    </Page>
  );
}

function CheckRow({ check }: { check: Check }) {
  const { t, i18n } = useTranslation('watch');
  const Icon = ICONS[check.state];
  const key = `health.check.${check.name}`;
  return (
    <li data-state={check.state}>
      <Icon size={20} strokeWidth={1.75} aria-hidden />
      <strong>{i18n.exists(`watch:${key}`) ? t(key as never) : check.name}</strong>
      <span className={classes.word}>{t(`health.state.${check.state}`)}</span>
      <span>{check.message}</span>
    </li>
  );
}
