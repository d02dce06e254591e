// The people of a site or an organisation, with their roles there.
import { Button, SegmentedControl, Table, TextInput, Tooltip, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { MailCheck, Search, UserPlus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Acts } from '../app/Acts.tsx';
import { useAsked } from '../app/asked.ts';
import { asRefusal } from '../app/calls.ts';
import { useCanAct, useMay, useMe, useStation } from '../app/hooks.ts';
import { useHere } from '../app/useHere.ts';
import { Empty, Page } from '../ui/Page.tsx';
import { Portrait } from '../ui/Portrait.tsx';
import { Refused } from '../ui/Refused.tsx';
import { AddPerson } from './AddPerson.tsx';
import { ImportPeople } from './ImportPeople.tsx';
import { Keys } from './Keys.tsx';
import { PersonPanel } from './PersonPanel.tsx';
import classes from './people.module.css';
import { RoleBadge } from './RoleBadge.tsx';
import { RoleMatrix } from './RoleMatrix.tsx';

export type Listed = Awaited<ReturnType<ReturnType<typeof useStation>['people']['listPeople']>>['people'][number];

type Shape = 'list' | 'matrix';

export default function PeoplePage() {
  const { t } = useTranslation('people');
  const station = useStation();
  const here = useHere();
  const me = useMe();
  const may = useMay();
  const canAct = useCanAct();
  const [shape, setShape] = useState<Shape>('list');
  const [importing, setImporting] = useState(false);
  const [adding, setAdding] = useState(false);
  useAsked('add', () => setAdding(true));
  const [search, setSearch] = useState('');
  const [chosen, setChosen] = useState<string>();
  const site = here?.site?.id;
  const organisation = here?.organisation?.id ?? '';
  const { data, error } = useQuery({
    queryKey: ['people.list', site ?? organisation],
    queryFn: () => (site === undefined ? station.people.listPeople({ organisation }) : station.people.listSitePeople({ site })),
  });
  // A table names the sites of a whole organisation.
  const table = here?.organisation && canAct && may('organisation.people', { organisation }) ? organisation : undefined;
  const everybody = data?.people;
  const people = everybody?.filter((one) => isFound(one, search));
  const matrix = site === undefined && shape === 'matrix';
  const open = everybody?.find((person) => person.id === chosen);

  return (
    <Page
      title={t('list.title')}
      status={everybody && t('list.status', { count: everybody.length })}
      actions={
        <>
          {table !== undefined && (
            <Button variant="default" onClick={() => setImporting(true)}>
              {t('import.button')}
            </Button>
          )}
          <Acts>
            <Button leftSection={<UserPlus size={16} strokeWidth={1.75} />} onClick={() => setAdding(true)}>
              {t('list.add')}
            </Button>
          </Acts>
        </>
      }
    >
      {error && <Refused refusal={asRefusal(error)} />}
      {everybody?.length === 0 && (
        <Empty action={canAct && <Button onClick={() => setAdding(true)}>{t('list.add')}</Button>}>{t('list.none')}</Empty>
      )}
      {everybody && everybody.length > 0 && (
        <TextInput
          className={classes.find}
          type="search"
          aria-label={t('list.find')}
          placeholder={t('list.find')}
          leftSection={<Search size={16} strokeWidth={1.75} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      {here?.organisation && site === undefined && everybody && everybody.length > 0 && (
        <SegmentedControl
          mb="md"
          aria-label={t('matrix.show')}
          data={[
            { value: 'list', label: t('matrix.list') },
            { value: 'matrix', label: t('matrix.matrix') },
          ]}
          value={shape}
          onChange={(next) => setShape(next as Shape)}
        />
      )}
      {everybody && everybody.length > 0 && people?.length === 0 && <p className="quiet">{t('list.noneFound', { search })}</p>}
      {here?.organisation && people && people.length > 0 && matrix && (
        <RoleMatrix
          people={people}
          organisation={here.organisation}
          sites={me.sites.filter((one) => one.organisation === here.organisation?.id)}
        />
      )}
      {people && people.length > 0 && !matrix && (
        <Table className={classes.table} highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('list.name')}</Table.Th>
              <Table.Th>{t('list.email')}</Table.Th>
              <Table.Th>{t('list.roles')}</Table.Th>
              <Table.Th>{t('list.state')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {people.map((person) => (
              <Table.Tr key={person.id} onClick={() => setChosen(person.id)} className={classes.clickable}>
                <Table.Td>
                  <UnstyledButton className={classes.person}>
                    <Portrait person={person} size="1.5rem" />
                    <span className="cut">{person.name}</span>
                  </UnstyledButton>
                </Table.Td>
                <Table.Td className={`${classes.narrow} cut`}>
                  {person.email}
                  {person.emailVerifiedAt !== null && (
                    <Tooltip label={t('list.verified')}>
                      <MailCheck size={14} strokeWidth={1.75} className={classes.verified} aria-label={t('list.verified')} role="img" />
                    </Tooltip>
                  )}
                </Table.Td>
                <Table.Td>
                  <span className={classes.badges}>
                    {person.grants.map((grant) => (
                      <RoleBadge key={grant.id} role={grant.role} at={site === undefined ? grant.at : undefined} />
                    ))}
                  </span>
                </Table.Td>
                <Table.Td className="quiet">{stateOf(person)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {here?.site && may('site.keys', { site: here.site.id }) && (
        <div className={classes.after}>
          <Keys key={here.site.id} site={here.site} />
        </div>
      )}
      {table !== undefined && importing && <ImportPeople organisation={table} close={() => setImporting(false)} />}
      {here && adding && <AddPerson here={here} close={() => setAdding(false)} />}
      {here && open && <PersonPanel person={open} here={here} close={() => setChosen(undefined)} self={open.id === me.person.id} />}
    </Page>
  );

  function stateOf(person: Listed): string {
    if (person.disabledAt !== null) return t('list.disabled');
    if (!person.hasPassword) return t('list.invited');
    return person.hasSecondFactor ? t('list.activeWithPhone') : t('list.active');
  }
}

/** Each word that was typed stands in the name or in the address. */
function isFound({ name, email }: Listed, search: string): boolean {
  const text = `${name} ${email}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
