// The first start: organisation, site and administrator on one sheet.
import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PasswordField } from '../../ui/PasswordField.tsx';
import { Refused } from '../../ui/Refused.tsx';
import { ownTimeZone, TimeZoneSelect } from '../../ui/TimeZoneSelect.tsx';
import { useApp, useCommand } from '../hooks.ts';
import { useStationState } from '../station.ts';
import classes from './Door.module.css';

export function SetUp() {
  const { t } = useTranslation('app');
  const { door } = useApp();
  const codeNeeded = useStationState((state) => state.codeNeeded);
  const [form, setForm] = useState({ organisation: '', site: '', timeZone: ownTimeZone(), name: '', email: '', password: '', code: '' });
  const setUp = useCommand(door.setUp);
  const field = (name: keyof typeof form) => ({
    value: form[name],
    onChange: (event: { currentTarget: { value: string } }) => setForm({ ...form, [name]: event.currentTarget.value }),
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    const { organisation, site, timeZone, name, email, password, code } = form;
    void setUp.run({ organisation, site, timeZone, admin: { name, email, password }, ...(codeNeeded && { code }) });
  }

  return (
    <form onSubmit={submit} className={classes.form}>
      <div>
        <h1 className={classes.title}>{t('setUp.title')}</h1>
        <p className="quiet">{t('setUp.hint')}</p>
      </div>
      <div className={classes.columns}>
        <fieldset className={classes.group}>
          <legend>{t('setUp.site')}</legend>
          <TextInput
            label={t('setUp.organisation')}
            placeholder={t('setUp.organisationExample')}
            required
            autoFocus
            maxLength={120}
            {...field('organisation')}
          />
          <TextInput label={t('setUp.site')} placeholder={t('setUp.siteExample')} required maxLength={120} {...field('site')} />
          <TimeZoneSelect label={t('setUp.timeZone')} value={form.timeZone} onChange={(timeZone) => setForm({ ...form, timeZone })} />
        </fieldset>
        <fieldset className={classes.group}>
          <legend>{t('setUp.you')}</legend>
          <TextInput label={t('setUp.name')} autoComplete="name" required maxLength={120} {...field('name')} />
          <TextInput label={t('door.email')} type="email" autoComplete="username" required maxLength={254} {...field('email')} />
          <PasswordField
            label={t('door.password')}
            description={t('setUp.passwordHint')}
            autoComplete="new-password"
            required
            minLength={10}
            {...field('password')}
          />
        </fieldset>
      </div>
      {codeNeeded && <TextInput label={t('setUp.code')} description={t('setUp.codeHint')} autoComplete="off" required {...field('code')} />}
      <Refused refusal={setUp.refusal} />
      <Button type="submit" loading={setUp.busy} mt="xs">
        {t('setUp.submit')}
      </Button>
    </form>
  );
}
