// By which server the station sends mail. The password goes in and never comes out again.
import { Button, NumberInput, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Acts } from '../app/Acts.tsx';
import { useCanAct, useCommand, useStation } from '../app/hooks.ts';
import { Section } from '../ui/Page.tsx';
import { PasswordField } from '../ui/PasswordField.tsx';
import { Refused } from '../ui/Refused.tsx';
import classes from './watch.module.css';

type Server = { host: string; port: number; security: 'none' | 'startTls' | 'tls'; user: string; from: string };
const NEW: Server = { host: '', port: 587, security: 'startTls', user: '', from: '' };
const SECURITIES = ['startTls', 'tls', 'none'] as const;

export function Mail() {
  const { t } = useTranslation('watch');
  const station = useStation();
  const { data } = useQuery({ queryKey: ['watch.mail'], queryFn: () => station.watch.mailServer({}) });
  return (
    <Section title={t('mail.title')}>
      {data && <Form key={JSON.stringify(data)} server={data.server} passwordSet={data.passwordSet} />}
    </Section>
  );
}

function Form({ server, passwordSet }: { server: Server | null; passwordSet: boolean }) {
  const { t } = useTranslation(['watch', 'app']);
  const station = useStation();
  const [form, setForm] = useState(server ?? NEW);
  const [password, setPassword] = useState('');
  const [answer, setAnswer] = useState<string>();
  const save = useCommand(
    (given: Server | null) => station.watch.setMailServer({ server: given, ...(password !== '' && given && { password }) }),
    { changes: ['watch.mail'] },
  );
  const test = useCommand(() => station.watch.sendTestMail({}), { done: (given) => setAnswer(given.answer) });
  const field = (name: 'host' | 'user' | 'from') => ({
    value: form[name],
    onChange: (event: { currentTarget: { value: string } }) => setForm({ ...form, [name]: event.currentTarget.value }),
  });
  const canAct = useCanAct();
  function submit(event: FormEvent) {
    event.preventDefault();
    void save.run(form);
  }
  return (
    <form onSubmit={submit} className={classes.form}>
      <p className="quiet">{t('mail.hint')}</p>
      <fieldset className={classes.fields} disabled={!canAct}>
        <TextInput label={t('mail.host')} required maxLength={253} {...field('host')} />
        <NumberInput
          label={t('mail.port')}
          required
          min={1}
          max={65535}
          allowDecimal={false}
          value={form.port}
          onChange={(port) => setForm({ ...form, port: Number(port) })}
        />
        <Select
          label={t('mail.security')}
          allowDeselect={false}
          data={SECURITIES.map((value) => ({ value, label: t(`mail.securities.${value}`) }))}
          value={form.security}
          onChange={(security) => setForm({ ...form, security: (security ?? 'startTls') as Server['security'] })}
        />
        <TextInput label={t('mail.user')} maxLength={254} autoComplete="off" {...field('user')} />
        <PasswordField
          label={t('mail.password')}
          {...(passwordSet && { description: t('mail.passwordSet') })}
          autoComplete="new-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <TextInput label={t('mail.from')} type="email" required maxLength={254} {...field('from')} />
      </fieldset>
      <Refused refusal={save.refusal ?? test.refusal} />
      {answer !== undefined && <p role="status">{t('mail.sent', { answer })}</p>}
      <Acts>
        <div className={classes.buttons}>
          <Button type="submit" loading={save.busy} disabled={JSON.stringify(form) === JSON.stringify(server) && password === ''}>
            {t('app:common.save')}
          </Button>
          {server && (
            <>
              <Button variant="default" loading={test.busy} onClick={() => void test.run(undefined)}>
                {t('mail.test')}
              </Button>
              <Button variant="subtle" color="gray" onClick={() => void save.run(null)}>
                {t('mail.remove')}
              </Button>
            </>
          )}
        </div>
      </Acts>
    </form>
  );
}
