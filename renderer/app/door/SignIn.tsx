// Sign in with e-mail and password.
import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PasswordField } from '../../ui/PasswordField.tsx';
import { Refused } from '../../ui/Refused.tsx';
import { useApp, useCommand } from '../hooks.ts';
import { useStationState } from '../station.ts';
import classes from './Door.module.css';

export function SignIn() {
  const { t } = useTranslation('app');
  const { door } = useApp();
  const notice = useStationState((state) => state.notice);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const passwordField = useRef<HTMLInputElement>(null);
  const signIn = useCommand(door.signIn);

  async function submit(event: FormEvent) {
    event.preventDefault();
    await signIn.run({ email, password });
    // Where it was refused: the password is what one types again.
    passwordField.current?.select();
  }

  return (
    <form onSubmit={submit} className={classes.form}>
      <h1 className={classes.title}>{t('door.signIn')}</h1>
      {notice !== undefined && <p className={classes.note}>{t(`door.${notice}`)}</p>}
      <TextInput
        label={t('door.email')}
        type="email"
        name="email"
        autoComplete="username"
        required
        autoFocus
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <PasswordField
        ref={passwordField}
        label={t('door.password')}
        name="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <Refused refusal={signIn.refusal} />
      <Button type="submit" loading={signIn.busy} fullWidth mt="xs">
        {t('door.signIn')}
      </Button>
    </form>
  );
}
