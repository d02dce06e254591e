// A newer version of the program: looked for, downloaded, installed. Shown where the program can replace itself at all.
import { Button, Progress } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Offered, UpdateAnswer, UpdateState, UpdateStep } from '../../contract/watch/updates.ts';
import { useCommand, useStation } from '../app/hooks.ts';
import { Section } from '../ui/Page.tsx';
import { Refused } from '../ui/Refused.tsx';
import { dateTime } from '../ui/time.ts';
import { percentOf, stepsOf } from './updateSteps.ts';
import classes from './watch.module.css';

export function Updates({ zone }: { zone: string }) {
  const { t } = useTranslation('watch');
  const station = useStation();
  const [answer, setAnswer] = useState<UpdateAnswer>('begun');
  const { data } = useQuery({
    queryKey: ['watch.updates'],
    queryFn: () => station.watch.updates({}),
    refetchInterval: ({ state: { data } }) =>
      data && ['checking', 'downloading', 'installing'].includes(data.state.kind) ? 1_000 : 15_000,
  });
  const go = useCommand((step: UpdateStep) => station.watch.update({ step }), {
    changes: ['watch.updates'],
    done: (given) => setAnswer(given.answer),
  });
  if (data === undefined || (data.state.kind === 'off' && data.state.why === 'noHost')) return null;
  const { state } = data;
  const notes = 'offered' in state ? state.offered?.notes : undefined;
  return (
    <Section title={t('updates.title')}>
      <div className={classes.form}>
        <p role="status">
          <Words state={state} zone={zone} />
        </p>
        {state.kind === 'downloading' && <Progress value={percentOf(state)} aria-label={t('updates.title')} />}
        {notes !== undefined && notes !== '' && (
          <details>
            <summary>{t('updates.notes')}</summary>
            <p className={classes.notes}>{notes}</p>
          </details>
        )}
        {answer !== 'begun' && <p role="status">{t(`updates.refused.${answer}`)}</p>}
        <Refused refusal={go.refusal} />
        <div className={classes.buttons}>
          {stepsOf(state).map((step, index) => (
            <Button
              key={step}
              variant={index === 0 && step !== 'check' ? 'filled' : 'default'}
              loading={go.busy}
              onClick={() => void go.run(step)}
            >
              {t(`updates.${step}`)}
            </Button>
          ))}
        </div>
      </div>
    </Section>
  );
}

function Words({ state, zone }: { state: UpdateState; zone: string }) {
  const { t } = useTranslation('watch');
  const of = (offered: Offered) => ({ version: offered.version, time: dateTime(offered.issuedAt, zone) });
  switch (state.kind) {
    case 'off':
      return state.why === 'noHost' ? null : t(`updates.off.${state.why}`);
    case 'current':
      return t('updates.current', { time: dateTime(state.at, zone) });
    case 'available':
    case 'installing':
      return t(`updates.${state.kind}`, of(state.offered));
    case 'downloading':
      return t('updates.downloading', { ...of(state.offered), percent: percentOf(state) });
    case 'ready':
      return t(state.atNextLaunch ? 'updates.later' : 'updates.ready', of(state.offered));
    case 'failed':
      return t(`updates.trouble.${state.trouble}`);
    default:
      return t(`updates.${state.kind}`);
  }
}
