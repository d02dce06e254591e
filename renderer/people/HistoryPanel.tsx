// The history of one record, beside whatever shows it: who, when, from what to what.
import { Drawer } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { create } from 'zustand';
import type { Organisation } from '../app/address.ts';
import { asRefusal } from '../app/calls.ts';
import { useStation } from '../app/hooks.ts';
import { usePlantZone } from '../app/useHere.ts';
import { Refused } from '../ui/Refused.tsx';
import { dateTimeSeconds } from '../ui/time.ts';
import classes from './HistoryPanel.module.css';
import { InAudit } from './InAudit.tsx';

/** `organisation`: where it is kept, if not with a site. */
export type HistoryOf = { entity: string; id: string; name: string; organisation?: Organisation };

export const useHistoryPanel = create<{ of: HistoryOf | undefined; show(of: HistoryOf): void; close(): void }>((set) => ({
  of: undefined,
  show: (of) => set({ of }),
  close: () => set({ of: undefined }),
}));

/** Put once on a page that offers histories. */
export function HistoryPanel() {
  const { of, close } = useHistoryPanel();
  const { t } = useTranslation(['people', 'app']);
  return (
    <Drawer
      opened={of !== undefined}
      onClose={close}
      position="right"
      size="32rem"
      title={t('history.title', { name: of?.name ?? '' })}
      closeButtonProps={{ 'aria-label': t('app:common.close') }}
      transitionProps={{ duration: 120 }}
    >
      {of && (
        <div className={classes.inAudit}>
          <InAudit about={{ entity: of.entity, id: of.id }} organisation={of.organisation} leave={close} />
        </div>
      )}
      {of && <Entries of={of} />}
    </Drawer>
  );
}

function Entries({ of }: { of: HistoryOf }) {
  const { t } = useTranslation('people');
  const station = useStation();
  const zone = usePlantZone();
  const { data, error } = useQuery({
    queryKey: ['people.history', of.entity, of.id],
    queryFn: () => station.people.history({ entity: of.entity, id: of.id }),
    staleTime: 0,
  });
  if (error) return <Refused refusal={asRefusal(error)} />;
  if (data === undefined) return null;
  if (data.entries.length === 0) return <p className="quiet">{t('history.none')}</p>;
  return (
    <ol className={classes.entries}>
      {data.entries.map((entry, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: entries have no id of their own and only grow at the front
        <li key={index}>
          <p className="quiet">
            <time>{dateTimeSeconds(entry.at, zone)}</time> · {entry.actor?.name ?? t('audit.station')}
          </p>
          <p>
            <code>{entry.field}</code> {entry.before !== null && <span className={classes.before}>{shown(entry.before)}</span>}{' '}
            <span>{shown(entry.after)}</span>
          </p>
        </li>
      ))}
    </ol>
  );
}

export const shown = (value: unknown): string => (value === null ? '–' : typeof value === 'string' ? value : JSON.stringify(value));
