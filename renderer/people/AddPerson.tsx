// Adds a person with a first role; the link by which they come in is sent to them, or handed out here.
import { ActionIcon, Button, Checkbox, CopyButton, Modal, Select, TextInput, Tooltip } from '@mantine/core';
import { Check, Copy } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { GrantPlace } from '../../contract/people.ts';
import { grantable, type Role } from '../../contract/permissions.ts';
import type { Here } from '../app/address.ts';
import { placeHere, useCommand, useMe, useStation } from '../app/hooks.ts';
import { Refused } from '../ui/Refused.tsx';
import { Sending, useLinksByMail } from './MailedLinks.tsx';
import classes from './people.module.css';

/** The place a role is given at from this page, and the roles one may give there. */
export function useGrantable(here: Here): { at: GrantPlace; roles: Role[] } {
  const me = useMe();
  const at: GrantPlace = here.site
    ? { kind: 'site', site: here.site.id }
    : here.organisation
      ? { kind: 'organisation', organisation: here.organisation.id }
      : { kind: 'platform' };
  const place = placeHere(me, at.kind === 'platform' ? 'platform' : at);
  return { at, roles: place && me.seenBy === null ? grantable(me.grants, place) : [] };
}

export const linkAddress = (secret: string) => `${location.origin}/#link=${secret}`;

export function AddPerson({ here, close }: { here: Here; close(): void }) {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const { at, roles } = useGrantable(here);
  const [form, setForm] = useState({ name: '', email: '', role: roles[0] ?? 'viewer' });
  const mayMail = useLinksByMail();
  const [byMail, setByMail] = useState(true);
  const add = useCommand(() => station.people.createPerson({ ...form, at, ...(mayMail && byMail && { byMail }) }), {
    changes: ['people.list'],
  });
  const [answer, setAnswer] = useState<{ link: string | null; mail: string | null }>();

  async function submit(event: FormEvent) {
    event.preventDefault();
    const given = await add.run(undefined);
    if (given) setAnswer(given);
  }

  return (
    <Modal
      opened
      onClose={close}
      title={answer ? t(answer.mail === null ? 'add.linkTitle' : 'add.mailTitle', { name: form.name }) : t('add.title')}
      closeButtonProps={{ 'aria-label': t('app:common.close') }}
    >
      {answer ? (
        <div className={classes.form}>
          {answer.mail !== null && <Sending task={answer.mail} sent={t('mail.sent', { email: form.email })} />}
          {answer.link !== null && (
            <>
              <p>{t('add.link', { name: form.name })}</p>
              <TextToCopy text={linkAddress(answer.link)} />
            </>
          )}
          {answer.mail === null && answer.link === null && <p>{t('add.known', { name: form.name })}</p>}
          <div className={classes.buttons}>
            <Button onClick={close}>{t('add.done')}</Button>
          </div>
        </div>
      ) : (
        <form onSubmit={submit} className={classes.form}>
          <TextInput
            label={t('list.name')}
            required
            data-autofocus
            maxLength={120}
            value={form.name}
            onChange={(event) => setForm({ ...form, name: event.currentTarget.value })}
          />
          <TextInput
            label={t('list.email')}
            type="email"
            required
            maxLength={254}
            value={form.email}
            onChange={(event) => setForm({ ...form, email: event.currentTarget.value })}
          />
          <Select
            label={t('add.role')}
            description={t(`roleMeans.${form.role}`)}
            allowDeselect={false}
            data={roles.map((role) => ({ value: role, label: t(`role.${role}`) }))}
            value={form.role}
            onChange={(role) => setForm({ ...form, role: (role ?? form.role) as Role })}
          />
          {mayMail && (
            <Checkbox
              label={t('mail.choose')}
              description={t('mail.chooseHint')}
              checked={byMail}
              onChange={(event) => setByMail(event.currentTarget.checked)}
            />
          )}
          <Refused refusal={add.refusal} />
          <div className={classes.buttons}>
            <Button variant="default" onClick={close}>
              {t('app:common.cancel')}
            </Button>
            <Button type="submit" loading={add.busy}>
              {t('add.submit')}
            </Button>
          </div>
        </form>
      )}
    </Modal>
  );
}

/** Copying needs a secure page; where there is none, the text can still be marked by hand. */
export function TextToCopy({ text }: { text: string }) {
  const { t } = useTranslation('app');
  return (
    <div className={classes.link}>
      <code>{text}</code>
      {navigator.clipboard !== undefined && (
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? t('common.copied') : t('common.copy')}>
              <ActionIcon variant="subtle" onClick={copy} aria-label={copied ? t('common.copied') : t('common.copy')}>
                {copied ? <Check size={16} strokeWidth={1.75} /> : <Copy size={16} strokeWidth={1.75} />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      )}
    </div>
  );
}
