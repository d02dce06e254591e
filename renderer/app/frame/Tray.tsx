// Running things at the foot of the screen: what, how far, and a way to stop them. Nothing runs: nothing is shown.
import { ActionIcon, Progress, Tooltip } from '@mantine/core';
import { CircleCheck, CircleX, Clock, Square, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Task } from '../../../contract/watch.ts';
import { useCommand, useLive, useStation } from '../hooks.ts';
import { useStationState } from '../station.ts';
import classes from './Tray.module.css';

/** An ended task stays this long, so that its end is seen; a failed one until it is put away. */
const LINGER_MS = 8_000;

export function Tray() {
  const { t } = useTranslation('app');
  const { values } = useLive('watch.tasks', {});
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [, redraw] = useState(0);
  const now = Date.now() + useStationState.getState().clockOffset;
  const tasks = [...(values?.values() ?? [])].filter((task) => !hidden.has(task.id) && isShown(task, now));
  const lingering = tasks.some((task) => task.endedAt !== null && task.state !== 'failed');
  useEffect(() => {
    if (!lingering) return;
    const timer = setTimeout(() => redraw((n) => n + 1), 1_000);
    return () => clearTimeout(timer);
  });
  if (tasks.length === 0) return null;
  return (
    <section className={classes.tray} aria-label={t('tray.title')}>
      {tasks.map((task) => (
        <Running key={task.id} task={task} hide={() => setHidden((before) => new Set(before).add(task.id))} />
      ))}
    </section>
  );
}

const FAILED_SHOWN_MS = 24 * 3_600_000;

function isShown(task: Task, now: number): boolean {
  if (task.endedAt === null) return true;
  return now - task.endedAt < (task.state === 'failed' ? FAILED_SHOWN_MS : LINGER_MS);
}

const ICONS = { waiting: Clock, running: Clock, done: CircleCheck, failed: CircleX, cancelled: Square } as const;

function Running({ task, hide }: { task: Task; hide(): void }) {
  const { t, i18n } = useTranslation('app');
  const station = useStation();
  const cancel = useCommand(() => station.watch.cancelTask({ task: task.id }), { announce: true });
  const title = i18n.exists(`watch:task.${task.kind}`) ? t(`watch:task.${task.kind}` as never) : task.title;
  const Icon = ICONS[task.state];
  const active = task.state === 'running' || task.state === 'waiting';
  const label = active ? t('tray.cancel', { title }) : t('tray.hide', { title });
  return (
    <div className={classes.task} data-state={task.state}>
      <Icon size={16} strokeWidth={1.75} aria-hidden />
      <span className={classes.title}>{title}</span>
      <span className="quiet">{t(`tray.state.${task.state}`)}</span>
      {active && <Progress className={classes.progress} value={(task.progress ?? 0) * 100} size="sm" aria-label={title} animated={false} />}
      {active && task.progress !== null && <span className={classes.percent}>{Math.round(task.progress * 100)} %</span>}
      <span className={`${classes.message} quiet cut`}>{task.message}</span>
      <Tooltip label={label}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={label}
          disabled={cancel.busy}
          onClick={() => (active ? void cancel.run(undefined) : hide())}
        >
          {active ? <Square size={14} strokeWidth={1.75} /> : <X size={16} strokeWidth={1.75} />}
        </ActionIcon>
      </Tooltip>
    </div>
  );
}
