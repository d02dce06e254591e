// What the station has told this person: a bell with a count, and the list behind it.
import { ActionIcon, Button, Popover, Tooltip } from '@mantine/core';
import { Bell } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { within } from '../../../contract/hours.ts';
import type { Notice } from '../../../contract/watch.ts';
import { announce } from '../../ui/announce.ts';
import { dateTime } from '../../ui/time.ts';
import { useCommand, useStation, useStream } from '../hooks.ts';
import { tellShell } from '../shell.ts';
import { useStationState } from '../station.ts';
import { usePlantZone, useSite } from '../useHere.ts';
import classes from './Notices.module.css';

const KEPT = 100;
/** Older ones are not announced again when a page is opened. */
const FRESH_MS = 15_000;

export function Notices() {
  const { t } = useTranslation('app');
  const station = useStation();
  const [notices, setNotices] = useState<Notice[]>([]);
  const [readUpTo, setReadUpTo] = useState('');
  const zone = usePlantZone();
  const site = useSite();
  const words = useNoticeWords();
  const announced = useRef(new Set<string>());

  useStream(
    'watch.notices',
    {},
    {
      events(items) {
        const fresh = items.map(([, notice]) => notice as Notice);
        setNotices((before) => {
          const known = new Set(before.map(({ id }) => id));
          return [...before, ...fresh.filter(({ id }) => !known.has(id))].slice(-KEPT);
        });
        const stationNow = Date.now() + useStationState.getState().clockOffset;
        for (const notice of fresh) {
          if (notice.readAt !== null || stationNow - notice.at > FRESH_MS || announced.current.has(notice.id)) continue;
          announced.current.add(notice.id);
          const failed = notice.kind.endsWith('Failed');
          // In quiet hours what can wait only counts at the bell.
          if (!failed && within(site?.quietHours ?? null, zone, stationNow)) continue;
          announce(words(notice), { failed });
          // For whoever looks elsewhere: the window shows it as the system does.
          const [title, text] = [words(notice).slice(0, 200), (notice.data.message ?? '').slice(0, 500)];
          tellShell({ told: 'notice', title, text, at: pageOfNotice(notice) });
        }
      },
    },
  );

  const unread = notices.filter((notice) => notice.readAt === null && notice.id > readUpTo);
  useEffect(() => tellShell({ told: 'unread', count: unread.length }), [unread.length]);
  const read = useCommand((upTo: string) => station.watch.readNotices({ upTo }), {
    announce: true,
    done: () => setReadUpTo(notices.at(-1)?.id ?? ''),
  });
  const label = unread.length > 0 ? t('notices.unread', { count: unread.length }) : t('notices.title');
  const newest = notices.at(-1);
  return (
    <Popover position="bottom-end" width="22rem" shadow="md" trapFocus withRoles>
      <Popover.Target>
        <Tooltip label={label}>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label}>
            <Bell size={18} strokeWidth={1.75} />
            {unread.length > 0 && <span className={classes.count}>{unread.length > 99 ? '99+' : unread.length}</span>}
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label={t('notices.title')}>
        <div className={classes.head}>
          <strong>{t('notices.title')}</strong>
          {unread.length > 0 && newest && (
            <Button size="compact-sm" variant="subtle" loading={read.busy} onClick={() => void read.run(newest.id)}>
              {t('notices.readAll')}
            </Button>
          )}
        </div>
        {notices.length === 0 ? (
          <p className={`${classes.none} quiet`}>{t('notices.none')}</p>
        ) : (
          <ul className={classes.list}>
            {[...notices].reverse().map((notice) => (
              <li key={notice.id} data-unread={unread.includes(notice)}>
                <div>{words(notice)}</div>
                {notice.data.message ? <div className="quiet cut">{notice.data.message}</div> : null}
                <time className="quiet">{dateTime(notice.at, zone)}</time>
              </li>
            ))}
          </ul>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

/** Where one sees more of it. Whoever may not go there is told so by the page itself. */
const pageOfNotice = ({ kind }: Notice): string => (kind.startsWith('watch.') ? 'health' : kind.startsWith('people.') ? 'account' : '');

/** A notice in the person's language: its kind says which words, its data fill them. */
function useNoticeWords(): (notice: Notice) => string {
  const { t, i18n } = useTranslation('app');
  const named = (key: string, otherwise: string) => (i18n.exists(key) ? String(t(key as never)) : otherwise);
  return ({ kind, data }) => {
    const key = `notices.${kind}`;
    if (!i18n.exists(`app:${key}`)) return t('notices.unknown', { kind });
    return String(
      t(key as never, {
        title: named(`watch:task.${data.kind}`, data.title ?? ''),
        role: named(`people:role.${data.role}`, data.role ?? ''),
        where: data.where || t('notices.everywhere'),
      }),
    );
  };
}
