// The keys of a site: for programs, and for screens that nobody signs in at.
import { Button, Modal, Select, Table, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { grantable } from '../../contract/permissions.ts';
import { Acts } from '../app/Acts.tsx';
import type { SiteOfMe } from '../app/address.ts';
import { placeHere, useCommand, useMe, useStation } from '../app/hooks.ts';
import { useAge } from '../app/useAge.ts';
import { Deliberate } from '../ui/Deliberate.tsx';
import { Section } from '../ui/Page.tsx';
import { Refused } from '../ui/Refused.tsx';
import { date } from '../ui/time.ts';
import { TextToCopy } from './AddPerson.tsx';
import classes from './people.module.css';
import { RoleBadge } from './RoleBadge.tsx';

type Key = Awaited<ReturnType<ReturnType<typeof useStation>['people']['listKeys']>>['keys'][number];

const DAY_MS = 86_400_000;
const LIVES = ['30', '90', '365', 'ever'] as const;
type Life = (typeof LIVES)[number];

export function Keys({ site }: { site: SiteOfMe }) {
  const { t } = useTranslation('people');
  const station = useStation();
  const { data } = useQuery({ queryKey: ['people.keys', site.id], queryFn: () => station.people.listKeys({ site: site.id }) });
  const [adding, setAdding] = useState(false);
  return (
    <Section
      title={t('keys.title')}
      actions={
        <Acts>
          <Button variant="default" leftSection={<KeyRound size={16} strokeWidth={1.75} />} onClick={() => setAdding(true)}>
            {t('keys.add')}
          </Button>
        </Acts>
      }
    >
      {data?.keys.length === 0 && <p className="quiet">{t('keys.none')}</p>}
      {data && data.keys.length > 0 && (
        <Table className={classes.table}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('keys.name')}</Table.Th>
              <Table.Th>{t('keys.role')}</Table.Th>
              <Table.Th>{t('keys.made')}</Table.Th>
              <Table.Th>{t('keys.used')}</Table.Th>
              <Table.Th>{t('keys.until')}</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.keys.map((key) => (
              <KeyRow key={key.id} given={key} site={site} />
            ))}
          </Table.Tbody>
        </Table>
      )}
      {adding && <AddKey site={site} close={() => setAdding(false)} />}
    </Section>
  );
}

function KeyRow({ given, site }: { given: Key; site: SiteOfMe }) {
  const { t } = useTranslation('people');
  const station = useStation();
  const age = useAge(given.seenAt ?? undefined);
  const revoke = useCommand(() => station.people.revokeKey({ key: given.id }), { announce: true, changes: ['people.keys'] });
  const day = (at: number) => date(at, site.timeZone);
  return (
    <Table.Tr>
      <Table.Td className={`${classes.narrow} cut`}>{given.name}</Table.Td>
      <Table.Td>
        <RoleBadge role={given.role} at={{ kind: 'site', site: site.id }} />
      </Table.Td>
      <Table.Td className="quiet">
        {given.createdAt === null
          ? t('keys.elsewhere')
          : given.createdBy === null
            ? day(given.createdAt)
            : t('keys.madeBy', { date: day(given.createdAt), name: given.createdBy })}
      </Table.Td>
      <Table.Td className="quiet">{given.seenAt === null ? t('keys.unused') : age}</Table.Td>
      <Table.Td className="quiet">
        {!given.hasToken ? t('keys.needsToken') : given.expiresAt === null ? t('keys.ever') : day(given.expiresAt)}
      </Table.Td>
      <Table.Td>
        <Acts>
          <Deliberate
            question={t('keys.revokeSure', { name: given.name })}
            act={t('keys.revokeIt')}
            onAct={() => void revoke.run(undefined)}
          >
            {(ask) => (
              <Button size="compact-sm" variant="subtle" color="gray" loading={revoke.busy} onClick={ask}>
                {t('keys.revoke')}
              </Button>
            )}
          </Deliberate>
        </Acts>
      </Table.Td>
    </Table.Tr>
  );
}

function AddKey({ site, close }: { site: SiteOfMe; close(): void }) {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const me = useMe();
  const place = placeHere(me, { site: site.id });
  const roles = place ? grantable(me.grants, place) : [];
  const [form, setForm] = useState<{ name: string; role: Key['role']; life: Life }>({ name: '', role: 'viewer', life: '365' });
  const [token, setToken] = useState<string>();
  const add = useCommand(
    () => {
      const expiresAt = form.life === 'ever' ? null : Date.now() + Number(form.life) * DAY_MS;
      return station.people.createKey({ site: site.id, name: form.name, role: form.role, expiresAt });
    },
    { changes: ['people.keys'], done: (given) => setToken(given.token) },
  );
  function submit(event: FormEvent) {
    event.preventDefault();
    void add.run(undefined);
  }
  if (token !== undefined)
    return (
      <Modal
        opened
        onClose={close}
        title={t('keys.given', { name: form.name })}
        closeOnClickOutside={false}
        closeButtonProps={{ 'aria-label': t('app:common.close') }}
      >
        <div className={classes.form}>
          <p>{t('keys.once')}</p>
          <TextToCopy text={token} />
          <p className="quiet">{t('keys.screen')}</p>
          <TextToCopy text={`${location.origin}/#key=${token}`} />
          <div className={classes.buttons}>
            <Button onClick={close}>{t('keys.kept')}</Button>
          </div>
        </div>
      </Modal>
    );
  return (
    <Modal opened onClose={close} title={t('keys.add')} closeButtonProps={{ 'aria-label': t('app:common.close') }}>
      <form onSubmit={submit} className={classes.form}>
        <TextInput
          label={t('keys.name')}
          description={t('keys.nameHint')}
          required
          data-autofocus
          maxLength={120}
          value={form.name}
          onChange={(event) => setForm({ ...form, name: event.currentTarget.value })}
        />
        <Select
          label={t('keys.role')}
          description={t(`roleMeans.${form.role}`)}
          allowDeselect={false}
          data={roles.map((role) => ({ value: role, label: t(`role.${role}`) }))}
          value={form.role}
          onChange={(role) => setForm({ ...form, role: (role ?? form.role) as Key['role'] })}
        />
        <Select
          label={t('keys.until')}
          allowDeselect={false}
          data={LIVES.map((life) => ({ value: life, label: t(`keys.life.${life}`) }))}
          value={form.life}
          onChange={(life) => setForm({ ...form, life: (life ?? form.life) as Life })}
        />
        <Refused refusal={add.refusal} />
        <div className={classes.buttons}>
          <Button variant="default" onClick={close}>
            {t('app:common.cancel')}
          </Button>
          <Button type="submit" loading={add.busy}>
            {t('keys.make')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
