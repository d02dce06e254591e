// After an act that can be taken back: a word at the edge of the screen that says what it was, with “Undo”.
import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { procedures } from '../../../contract/index.ts';
import { useApp } from '../hooks.ts';
import { useAskLast, useJustDone, useUndo } from '../undo.ts';

const OFFER = 'undo';
const SHOWN_MS = 10_000;
/** A choice of one's own is taken back where it was made. */
const SILENT = 'people.setPreference';
const UNDO = 'people.undo';

export function UndoOffer() {
  const { t } = useTranslation('app');
  const { door } = useApp();
  const ask = useAskLast();
  const { undo } = useUndo();
  // Nobody takes back what somebody else did at this screen.
  useEffect(
    () => () => {
      notifications.hide(OFFER);
      useJustDone.setState({ change: undefined });
    },
    [],
  );
  useEffect(() => {
    const done = async (procedure: string) => {
      const again = procedure === UNDO;
      if (procedure === SILENT || !(again || procedures.get(procedure)?.['~orpc'].meta.undoable)) return;
      const last = await ask();
      // The same command may have changed nothing.
      if (last === null || last.again !== again) return;
      if (!again) useJustDone.setState({ change: last.change });
      notifications.hide(OFFER);
      notifications.show({
        id: OFFER,
        autoClose: SHOWN_MS,
        closeButtonProps: { 'aria-label': t('common.close') },
        message: (
          <>
            {again ? t('undo.done') : last.words}{' '}
            <Button
              size="compact-sm"
              variant="subtle"
              onClick={() => {
                notifications.hide(OFFER);
                void undo(last.change);
              }}
            >
              {t(again ? 'undo.redo' : 'undo.undo')}
            </Button>
          </>
        ),
      });
    };
    // Nothing is lost where the offer cannot be made.
    return door.onDone((procedure) => void done(procedure).catch(() => {}));
  }, [door, ask, undo, t]);
  return null;
}
