// One's own account: name and picture, password, where one is signed in, what one may do.
import { Button, FileButton, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Refusal } from '../../contract/errors.ts';
import { NothingHere } from '../app/frame/NothingHere.tsx';
import { useCommand, useMe, useStation } from '../app/hooks.ts';
import { useAge } from '../app/useAge.ts';
import { usePlantZone } from '../app/useHere.ts';
import { Page, Section } from '../ui/Page.tsx';
import { PasswordField } from '../ui/PasswordField.tsx';
import { Portrait } from '../ui/Portrait.tsx';
import { Refused } from '../ui/Refused.tsx';
import { dateTime } from '../ui/time.ts';
import classes from './people.module.css';
import { squarePicture } from './picture.ts';
import { RoleBadge } from './RoleBadge.tsx';
import { SecondFactor } from './SecondFactor.tsx';
import { useAgent } from './useAgent.ts';

export default function AccountPage() {
  const { t } = useTranslation('people');
  const me = useMe();
  // Somebody's own affairs are nobody else's.
  if (me.seenBy !== null) return <NothingHere />;
  return (
    <Page title={t('account.title')} status={me.person.email}>
      <Profile key={me.person.name} />
      <Section title={t('account.roles')}>
        <ul className={`${classes.rows} ${classes.roleRows}`}>
          {me.grants.map((grant) => (
            <li key={grant.id}>
              <RoleBadge role={grant.role} at={grant.at} />
              <span className="quiet">{t(`roleMeans.${grant.role}`)}</span>
            </li>
          ))}
        </ul>
      </Section>
      <Password />
      <SecondFactor />
      <Sessions />
    </Page>
  );
}

function Profile() {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const me = useMe();
  const [name, setName] = useState(me.person.name);
  const rename = useCommand(() => station.people.updateMe({ name }));
  const picture = useCommand(async (file: File | null) => {
    const chosen =
      file &&
      (await squarePicture(file).catch(() => {
        throw new Refusal('invalid', '', { issues: [{ path: '', message: t('account.notAPicture') }] });
      }));
    return station.people.setPicture({ picture: chosen });
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    void rename.run(undefined);
  }
  return (
    <Section title={t('account.profile')}>
      <div className={classes.form}>
        <div className={classes.pictureRow}>
          <Portrait person={me.person} size="4rem" />
          <FileButton accept="image/*" onChange={(file) => file && void picture.run(file)}>
            {(props) => (
              <Button {...props} variant="default" loading={picture.busy}>
                {t('account.choosePicture')}
              </Button>
            )}
          </FileButton>
          {me.person.picture !== null && (
            <Button variant="subtle" color="gray" onClick={() => void picture.run(null)}>
              {t('account.removePicture')}
            </Button>
          )}
        </div>
        <Refused refusal={picture.refusal} />
        <form onSubmit={submit} className={`${classes.form} ${classes.narrowForm}`}>
          <TextInput
            label={t('account.name')}
            required
            maxLength={120}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Refused refusal={rename.refusal} />
          <div>
            <Button type="submit" disabled={name === me.person.name} loading={rename.busy}>
              {t('app:common.save')}
            </Button>
          </div>
        </form>
      </div>
    </Section>
  );
}

function Password() {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const { hasPassword } = useMe();
  const [form, setForm] = useState({ current: '', password: '' });
  const [changed, setChanged] = useState(false);
  const change = useCommand(
    () => station.people.changePassword({ password: form.password, ...(form.current !== '' && { current: form.current }) }),
    {
      changes: ['people.sessions'],
      done: () => {
        setChanged(true);
        setForm({ current: '', password: '' });
      },
    },
  );
  function submit(event: FormEvent) {
    event.preventDefault();
    setChanged(false);
    void change.run(undefined);
  }
  return (
    <Section title={hasPassword ? t('account.password') : t('account.choose')}>
      <form onSubmit={submit} className={`${classes.form} ${classes.narrowForm}`}>
        {hasPassword ? (
          <PasswordField
            label={t('account.current')}
            required
            autoComplete="current-password"
            value={form.current}
            onChange={(event) => setForm({ ...form, current: event.currentTarget.value })}
          />
        ) : (
          <p className="quiet">{t('account.chooseHint')}</p>
        )}
        <PasswordField
          label={t('account.new')}
          description={t('app:setUp.passwordHint')}
          autoComplete="new-password"
          required
          minLength={10}
          value={form.password}
          onChange={(event) => setForm({ ...form, password: event.currentTarget.value })}
        />
        <Refused refusal={change.refusal} />
        {changed && <p role="status">{t('account.changed')}</p>}
        <div>
          <Button type="submit" loading={change.busy}>
            {hasPassword ? t('account.change') : t('account.choose')}
          </Button>
        </div>
      </form>
    </Section>
  );
}

type Session = { id: string; seenAt: number; createdAt: number; from: string; agent: string; current: boolean };

function Sessions() {
  const { t } = useTranslation('people');
  const station = useStation();
  const { data } = useQuery({ queryKey: ['people.sessions'], queryFn: () => station.people.listSessions({}) });
  const endOthers = useCommand(() => station.people.revokeOtherSessions({}), { announce: true, changes: ['people.sessions'] });
  return (
    <Section title={t('account.sessions')}>
      <ul className={classes.rows}>
        {data?.sessions.map((session) => (
          <SessionRow key={session.id} session={session} />
        ))}
      </ul>
      {data?.sessions.some(({ current }) => !current) && (
        <div>
          <Button variant="default" loading={endOthers.busy} onClick={() => void endOthers.run(undefined)}>
            {t('account.endOthers')}
          </Button>
        </div>
      )}
    </Section>
  );
}

function SessionRow({ session }: { session: Session }) {
  const { t } = useTranslation('people');
  const station = useStation();
  const age = useAge(session.seenAt);
  const end = useCommand(() => station.people.revokeSession({ session: session.id }), { announce: true, changes: ['people.sessions'] });
  const zone = usePlantZone();
  const agent = useAgent(session.agent);
  return (
    <li>
      <div className="cut">
        <p className="cut">
          {session.from} {session.current && <strong>· {t('account.here')}</strong>}
        </p>
        <p className="quiet cut">
          {dateTime(session.createdAt, zone)} · {t('account.seen', { age })} · {agent}
        </p>
      </div>
      {!session.current && (
        <Button variant="default" size="compact-sm" loading={end.busy} onClick={() => void end.run(undefined)}>
          {t('account.end')}
        </Button>
      )}
    </li>
  );
}
