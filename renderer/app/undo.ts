// Taking back one's own last change: offered after it, on Ctrl+Z, and in the palette.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { create } from 'zustand';
import { announce } from '../ui/announce.ts';
import { asRefusal } from './calls.ts';
import { useMe, useStation } from './hooks.ts';

/** What was done on this page last, and can be taken back by a key: a change of yesterday should not be, by a slip of the hand. */
export const useJustDone = create<{ change: string | undefined }>(() => ({ change: undefined }));

type Last = { change: string; action: string; again: boolean; words: string };

/** Asks for it while it is of use. */
export function useLastChange(wanted: boolean): Last | null {
  const ask = useAskLast();
  const { seenBy, person } = useMe();
  const { data } = useQuery({ queryKey: ['people.lastChange'], queryFn: ask, enabled: wanted && seenBy === null && !person.machine });
  return data ?? null;
}

export function useAskLast(): () => Promise<Last | null> {
  const station = useStation();
  const { t, i18n } = useTranslation('app');
  return useCallback(async () => {
    const { last } = await station.people.lastChange({});
    if (last === null) return null;
    const action = i18n.exists(`people:action.${last.action}`) ? String(t(`people:action.${last.action}` as never)) : last.action;
    const names = [...new Set(last.records.map(({ name }) => name).filter((name) => name !== null))].slice(0, 3);
    return { ...last, words: [t('undo.you', { action }), ...names].join(' · ') };
  }, [station, t, i18n]);
}

export function useUndo(): { undo(change: string): Promise<void> } {
  const station = useStation();
  const queries = useQueryClient();
  const { t } = useTranslation('app');
  const undo = useCallback(
    async (change: string) => {
      useJustDone.setState({ change: undefined });
      try {
        await station.people.undo({ change });
      } catch (error) {
        const refusal = asRefusal(error);
        announce(refusal.message, { title: t('undo.notPossible'), failed: true });
      } finally {
        // It may have been anything that is shown.
        void queries.invalidateQueries();
      }
    },
    [station, queries, t],
  );
  return { undo };
}
