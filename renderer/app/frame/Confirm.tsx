// The dialog behind every critical act: the password, the code where there is a second factor, the word of a proxy where there is neither.
import { Button, Modal, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PasswordField } from '../../ui/PasswordField.tsx';
import { Refused } from '../../ui/Refused.tsx';
import { useConfirm } from '../confirm.ts';
import { useApp, useCommand, useMe, useStation } from '../hooks.ts';
import classes from './Confirm.module.css';

export function Confirm() {
  const answer = useConfirm((state) => state.answer);
  return answer === undefined ? null : <Dialog answer={answer} />;
}

function Dialog({ answer }: { answer(proven: boolean): void }) {
  const { t } = useTranslation('app');
  const station = useStation();
  const { door } = useApp();
  const { hasSecondFactor, hasPassword, person } = useMe();
  const [typed, setTyped] = useState('');
  const hasNeither = !hasSecondFactor && !hasPassword;
  const { data: forwardedAs } = useQuery({
    queryKey: ['app.forwardedAs'],
    queryFn: async () => (await door.forwardedAs()) ?? null,
    enabled: hasNeither,
  });
  const vouched = hasNeither && forwardedAs?.toLowerCase() === person.email.toLowerCase();
  const prove = () => {
    if (vouched) return door.confirmForwarded();
    return station.people.confirmSession(hasSecondFactor ? { totp: typed } : { password: typed });
  };
  const confirm = useCommand(prove, { done: () => answer(true) });
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
        {hasNeither && forwardedAs !== undefined && (
          <p>{vouched ? t('confirm.forwarded', { email: person.email }) : t('confirm.nothing')}</p>
        )}
        {hasSecondFactor && (
          <TextInput label={t('door.code')} description={t('door.codeHint')} autoComplete="one-time-code" maxLength={16} {...field} />
        )}
        {hasPassword && !hasSecondFactor && <PasswordField label={t('door.password')} autoComplete="current-password" {...field} />}
        <Refused refusal={confirm.refusal} />
        <div className={classes.buttons}>
          <Button variant="default" onClick={() => answer(false)}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={confirm.busy} disabled={hasNeither && !vouched}>
            {t('confirm.submit')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
