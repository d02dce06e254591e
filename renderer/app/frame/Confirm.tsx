// The dialog behind every critical act: the password, or the code where there is a second factor.
import { Button, Modal, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PasswordField } from '../../ui/PasswordField.tsx';
import { Refused } from '../../ui/Refused.tsx';
import { useConfirm } from '../confirm.ts';
import { useCommand, useMe, useStation } from '../hooks.ts';
import classes from './Confirm.module.css';

export function Confirm() {
  const answer = useConfirm((state) => state.answer);
  return answer === undefined ? null : <Dialog answer={answer} />;
}

function Dialog({ answer }: { answer(proven: boolean): void }) {
  const { t } = useTranslation('app');
  const station = useStation();
  const { hasSecondFactor } = useMe();
  const [typed, setTyped] = useState('');
  const confirm = useCommand(() => station.people.confirmSession(hasSecondFactor ? { totp: typed } : { password: typed }), {
    done: () => answer(true),
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    void confirm.run(undefined);
  }
  const field = {
    value: typed,
    required: true,
    'data-autofocus': true,
    onChange: (event: { currentTarget: { value: string } }) => setTyped(event.currentTarget.value),
  };
  return (
    <Modal
      opened
      onClose={() => answer(false)}
      title={t('confirm.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      zIndex={400}
    >
      <form onSubmit={submit} className={classes.form}>
        <p>{t('confirm.hint')}</p>
        {hasSecondFactor ? (
          <TextInput label={t('door.code')} description={t('door.codeHint')} autoComplete="one-time-code" maxLength={16} {...field} />
        ) : (
          <PasswordField label={t('door.password')} autoComplete="current-password" {...field} />
        )}
        <Refused refusal={confirm.refusal} />
        <div className={classes.buttons}>
          <Button variant="default" onClick={() => answer(false)}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={confirm.busy}>
            {t('confirm.submit')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
