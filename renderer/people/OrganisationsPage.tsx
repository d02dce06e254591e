// Organisations and their sites: added, renamed, taken out of use.
import { Badge, Button, Modal, Select, Table, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { addressOf, type Organisation, type SiteOfMe } from '../app/address.ts';
import { useCommand, useMay, useMayChange, useMe, useStation } from '../app/hooks.ts';
import { Deliberate } from '../ui/Deliberate.tsx';
import { Empty, Page, Section } from '../ui/Page.tsx';
import { Refused } from '../ui/Refused.tsx';
import { SaveFile } from '../ui/SaveFile.tsx';
import { ownTimeZone, TimeZoneSelect } from '../ui/TimeZoneSelect.tsx';
import { HistoryPanel, useHistoryPanel } from './HistoryPanel.tsx';
import classes from './people.module.css';
import { NameDialog } from './Tree.tsx';

type Asked = { kind: 'organisation' } | { kind: 'rename' | 'site'; organisation: Organisation };

export default function OrganisationsPage() {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const me = useMe();
  const may = useMay();
  const mayChange = useMayChange();
  const [asked, setAsked] = useState<Asked>();
  const close = () => setAsked(undefined);
  const add = useCommand((name: string) => station.people.createOrganisation({ name }), { done: close });
  const rename = useCommand(
    (name: string) =>
      station.people.updateOrganisation({ organisation: asked && 'organisation' in asked ? asked.organisation.id : '', name }),
    { done: close },
  );
  const mine = me.organisations.filter(
    (one) => may('organisation.configure', { organisation: one.id }) || may('platform.organisations', 'platform'),
  );
  const organisations = t('organisations.organisations', { count: mine.length });
  const sites = t('organisations.sites', { count: me.sites.length });

  return (
    <Page
      title={t('organisations.title')}
      status={t('organisations.status', { organisations, sites })}
      actions={
        mayChange('platform.organisations', 'platform') && (
          <Button leftSection={<Plus size={16} strokeWidth={1.75} />} onClick={() => setAsked({ kind: 'organisation' })}>
            {t('organisations.addOrganisation')}
          </Button>
        )
      }
    >
      {mine.length === 0 && <Empty>{t('organisations.none')}</Empty>}
      {mine.map((organisation) => (
        <OrganisationSection key={organisation.id} organisation={organisation} ask={setAsked} />
      ))}
      <HistoryPanel />
      {asked?.kind === 'organisation' && (
        <NameDialog title={t('organisations.addOrganisation')} submit={t('app:common.add')} before="" command={add} close={close} />
      )}
      {asked?.kind === 'rename' && (
        <NameDialog
          title={t('site.renameTitle', { name: asked.organisation.name })}
          submit={t('app:common.rename')}
          before={asked.organisation.name}
          command={rename}
          close={close}
        />
      )}
      {asked?.kind === 'site' && <AddSite organisation={asked.organisation} close={close} />}
    </Page>
  );
}

function OrganisationSection({ organisation, ask }: { organisation: Organisation; ask(asked: Asked): void }) {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const me = useMe();
  const may = useMayChange();
  const mayRead = useMay()('site.audit', { organisation: organisation.id });
  const history = useHistoryPanel((state) => state.show);
  const archive = useCommand((archived: boolean) => station.people.archiveOrganisation({ organisation: organisation.id, archived }), {
    announce: true,
  });
  const sites = me.sites.filter((site) => site.organisation === organisation.id);
  const title = (
    <>
      {organisation.name} {organisation.archivedAt !== null && <Badge>{t('organisations.archived')}</Badge>}
    </>
  );
  return (
    <Section
      title={title}
      actions={
        <div className={classes.badges}>
          {mayRead && (
            <Button
              size="compact-sm"
              variant="subtle"
              color="gray"
              onClick={() => history({ entity: 'organisation', id: organisation.id, name: organisation.name, organisation })}
              aria-label={t('history.title', { name: organisation.name })}
            >
              {t('app:common.history')}
            </Button>
          )}
          {may('platform.organisations', 'platform') && (
            <Archive
              name={organisation.name}
              archived={organisation.archivedAt !== null}
              busy={archive.busy}
              run={(archived) => void archive.run(archived)}
            />
          )}
          {may('organisation.configure', { organisation: organisation.id }) && (
            <>
              <SaveFile
                stream="people.organisationFile"
                input={{ organisation: organisation.id }}
                name={`${organisation.key}.jsonl`}
                type="application/jsonl"
                label={t('organisations.save')}
                look={{ size: 'compact-sm', variant: 'subtle', color: 'gray' }}
              />
              <Button size="compact-sm" variant="subtle" color="gray" onClick={() => ask({ kind: 'rename', organisation })}>
                {t('app:common.rename')}
              </Button>
              <Button
                size="compact-sm"
                variant="default"
                leftSection={<Plus size={14} strokeWidth={1.75} />}
                onClick={() => ask({ kind: 'site', organisation })}
              >
                {t('organisations.addSite')}
              </Button>
            </>
          )}
        </div>
      }
    >
      {may('organisation.configure', { organisation: organisation.id }) && <SecondFactorPolicy organisation={organisation} />}
      {sites.length === 0 ? <p className="quiet">{t('organisations.noSites')}</p> : <Sites sites={sites} organisation={organisation} />}
    </Section>
  );
}

const ASKED = ['viewer', 'operator', 'siteManager', 'organisationAdmin'] as const;
type From = (typeof ASKED)[number];

/** From which role on people of the organisation need a second factor. */
function SecondFactorPolicy({ organisation }: { organisation: Organisation }) {
  const { t } = useTranslation('people');
  const station = useStation();
  const ask = useCommand(
    (secondFactorFrom: From | null) => station.people.updateOrganisation({ organisation: organisation.id, secondFactorFrom }),
    { announce: true },
  );
  return (
    <Select
      className={classes.policy}
      label={t('policy.label')}
      description={t('policy.hint')}
      allowDeselect={false}
      disabled={ask.busy}
      data={['nobody', ...ASKED].map((from) => ({ value: from, label: t(`policy.from.${from as 'nobody' | From}`) }))}
      value={organisation.secondFactorFrom ?? 'nobody'}
      onChange={(from) => void ask.run(from === null || from === 'nobody' ? null : (from as From))}
    />
  );
}

function Sites({ sites, organisation }: { sites: SiteOfMe[]; organisation: Organisation }) {
  const { t } = useTranslation('people');
  const station = useStation();
  const me = useMe();
  const may = useMayChange();
  const archive = useCommand(({ site, archived }: { site: string; archived: boolean }) => station.people.archiveSite({ site, archived }), {
    announce: true,
  });
  return (
    <Table className={classes.table}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('organisations.name')}</Table.Th>
          <Table.Th>{t('organisations.timeZone')}</Table.Th>
          <Table.Th />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {sites.map((site) => (
          <Table.Tr key={site.id}>
            <Table.Td className={`${classes.narrow} cut`}>
              <Link to={addressOf({ station: me.station.key, organisation, site }, 'site')}>{site.name}</Link>{' '}
              {site.archivedAt !== null && <Badge>{t('organisations.archived')}</Badge>}
            </Table.Td>
            <Table.Td className="quiet">{site.timeZone}</Table.Td>
            <Table.Td>
              {may('organisation.configure', { organisation: organisation.id }) && (
                <Archive
                  name={site.name}
                  archived={site.archivedAt !== null}
                  busy={archive.busy}
                  run={(archived) => void archive.run({ site: site.id, archived })}
                />
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** Taken out of use deliberately, taken back by one press. */
function Archive({ name, archived, busy, run }: { name: string; archived: boolean; busy: boolean; run(archived: boolean): void }) {
  const { t } = useTranslation('people');
  const look = { size: 'compact-sm', variant: 'subtle', color: 'gray', disabled: busy } as const;
  if (archived)
    return (
      <Button {...look} onClick={() => run(false)}>
        {t('organisations.unarchive')}
      </Button>
    );
  return (
    <Deliberate question={t('organisations.archiveSure', { name })} act={t('organisations.archive')} onAct={() => run(true)}>
      {(ask) => (
        <Button {...look} onClick={ask}>
          {t('organisations.archive')}
        </Button>
      )}
    </Deliberate>
  );
}

function AddSite({ organisation, close }: { organisation: Organisation; close(): void }) {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const [name, setName] = useState('');
  const [timeZone, setTimeZone] = useState(ownTimeZone());
  const add = useCommand(() => station.people.createSite({ organisation: organisation.id, name, timeZone }), { done: close });
  function submit(event: FormEvent) {
    event.preventDefault();
    void add.run(undefined);
  }
  return (
    <Modal opened onClose={close} title={t('organisations.addSite')} closeButtonProps={{ 'aria-label': t('app:common.close') }}>
      <form onSubmit={submit} className={classes.form}>
        <TextInput
          label={t('organisations.name')}
          required
          data-autofocus
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TimeZoneSelect label={t('organisations.timeZone')} value={timeZone} onChange={setTimeZone} />
        <Refused refusal={add.refusal} />
        <div className={classes.buttons}>
          <Button variant="default" onClick={close}>
            {t('app:common.cancel')}
          </Button>
          <Button type="submit" loading={add.busy}>
            {t('app:common.add')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
