// Sign in with e-mail and password, or as whom a proxy in front of the station names; with the code of the phone as the second step.
import { Button, Checkbox, TextInput, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PasswordField } from '../../ui/PasswordField.tsx';
import { Refused } from '../../ui/Refused.tsx';
import { useApp, useCommand } from '../hooks.ts';
import { asksForCode, useStationState } from '../station.ts';
import classes from './Door.module.css';

export function SignIn() {
  const { t } = useTranslation('app');
  const { door } = useApp();
  const notice = useStationState((state) => state.notice);
  const link = useStationState((state) => state.link);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [asked, setAsked] = useState<'password' | 'proxy'>();
  const passwordField = useRef<HTMLInputElement>(null);
  const signIn = useCommand(door.signIn);
  const signInForwarded = useCommand(door.signInForwarded);
  const { data: forwardedAs } = useQuery({ queryKey: ['app.forwardedAs'], queryFn: async () => (await door.forwardedAs()) ?? null });

  async function submit(event: FormEvent) {
    event.preventDefault();
    await signIn.run({ email, password });
    // Where it was refused: the password is what one types again.
    passwordField.current?.select();
  }
  const needed = [signIn.refusal, signInForwarded.refusal].findIndex((refusal) => refusal && asksForCode(refusal));
  useEffect(() => {
    if (needed !== -1) setAsked(needed === 0 ? 'password' : 'proxy');
  }, [needed]);

  if (link !== undefined)
    return <CodeStep send={({ totp }) => door.signInByLink(link, totp)} back={() => useStationState.setState({ link: undefined })} />;
  if (asked)
    return (
      <CodeStep
        mayRemember
        send={({ totp, remember }) => {
          const code = { totp, ...(remember && { remember }) };
          return asked === 'proxy' ? door.signInForwarded(code) : door.signIn({ email, password, ...code });
        }}
        back={() => {
          setAsked(undefined);
          setPassword('');
          signIn.clear();
          signInForwarded.clear();
        }}
      />
    );
  return (
    <form onSubmit={submit} className={classes.form}>
      <h1 className={classes.title}>{t('door.signIn')}</h1>
      {notice !== undefined && <p className={classes.note}>{t(`door.${notice}`)}</p>}
      {forwardedAs && (
        <>
          <Button loading={signInForwarded.busy} fullWidth onClick={() => void signInForwarded.run({})}>
            <span className={`${classes.whom} cut`}>{t('door.continueAs', { email: forwardedAs })}</span>
          </Button>
          <Refused refusal={signInForwarded.refusal} />
          <p className={`${classes.or} quiet`}>{t('door.orPassword')}</p>
        </>
      )}
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
      <Button type="submit" variant={forwardedAs ? 'default' : 'filled'} loading={signIn.busy} fullWidth mt="xs">
        {t('door.signIn')}
      </Button>
    </form>
  );
}

type Code = { totp: string; remember: true | undefined };

function CodeStep({ send, back, mayRemember = false }: { send(code: Code): Promise<void>; back(): void; mayRemember?: boolean }) {
  const { t } = useTranslation('app');
  const [totp, setTotp] = useState('');
  const [remember, setRemember] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const signIn = useCommand(send);
  async function submit(event: FormEvent) {
    event.preventDefault();
    await signIn.run({ totp, remember: remember || undefined });
    field.current?.select();
  }
  return (
    <form onSubmit={submit} className={classes.form}>
      <h1 className={classes.title}>{t('door.signIn')}</h1>
      <TextInput
        ref={field}
        label={t('door.code')}
        description={t('door.codeHint')}
        autoComplete="one-time-code"
        required
        autoFocus
        maxLength={16}
        value={totp}
        onChange={(event) => setTotp(event.currentTarget.value)}
      />
      {mayRemember && (
        <Checkbox label={t('door.remember')} checked={remember} onChange={(event) => setRemember(event.currentTarget.checked)} />
      )}
      <Refused refusal={signIn.refusal} />
      <Button type="submit" loading={signIn.busy} fullWidth mt="xs">
        {t('door.signIn')}
      </Button>
      <UnstyledButton className={classes.back} onClick={back}>
        {t('door.otherPerson')}
      </UnstyledButton>
    </form>
  );
}
