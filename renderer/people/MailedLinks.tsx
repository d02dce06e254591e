// Links that go by mail: whether that can be done from here, and how it goes.
import { Button, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCommand, useLive, useStation } from '../app/hooks.ts';
import { Refused } from '../ui/Refused.tsx';
import classes from './people.module.css';

export function useLinksByMail(): boolean {
  const station = useStation();
  const { data } = useQuery({ queryKey: ['people.linksByMail'], queryFn: () => station.people.linksByMail({}) });
  return data?.possible ?? false;
}

/** The task that sends them, until it has ended; what could not be sent is tried again from here. */
export function Sending({ task, sent }: { task: string; sent: string }) {
  const { t } = useTranslation('people');
  const station = useStation();
  const [latest, setLatest] = useState(task);
  const { values } = useLive('watch.tasks', {});
  const again = useCommand(() => station.people.mailLinksAgain({ task: latest }), { done: (answer) => setLatest(answer.task) });
  const now = values?.get(latest);
  if (now?.state === 'done') return <p role="status">{sent}</p>;
  if (now?.state !== 'failed' && now?.state !== 'cancelled')
    return (
      <p role="status" className={classes.sending}>
        <Loader size="xs" aria-hidden /> {t('mail.sending')}
      </p>
    );
  return (
    <div role="alert" className={classes.form}>
      <p>{t('mail.failed')}</p>
      <p className="quiet">{now.message}</p>
      <Refused refusal={again.refusal} />
      {now.state === 'failed' && (
        <div>
          <Button variant="default" loading={again.busy} onClick={() => void again.run(undefined)}>
            {t('mail.again')}
          </Button>
        </div>
      )}
    </div>
  );
}
