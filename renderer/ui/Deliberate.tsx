// An act that is never one stray click: the first press asks, in words, and the second carries it out.
import { Button, Popover } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './Deliberate.module.css';

export function Deliberate({
  question,
  act,
  onAct,
  children,
}: {
  /** What will happen, in a sentence. */
  question: string;
  /** The act in a word or two, as its button says it. */
  act: string;
  onAct(): void;
  children(ask: () => void): ReactNode;
}) {
  const { t } = useTranslation('app');
  const [open, setOpen] = useState(false);
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" width="18rem" shadow="md" trapFocus returnFocus withRoles={false}>
      <Popover.Target>{<span className={classes.target}>{children(() => setOpen(true))}</span>}</Popover.Target>
      <Popover.Dropdown role="dialog" aria-label={act}>
        <p className={classes.question}>{question}</p>
        <div className={classes.buttons}>
          <Button size="compact-sm" variant="default" data-autofocus onClick={() => setOpen(false)}>
            {t('common.cancel')}
          </Button>
          <Button
            size="compact-sm"
            onClick={() => {
              setOpen(false);
              onAct();
            }}
          >
            {act}
          </Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
