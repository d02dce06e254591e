// Makes two accounts of the same human one: the other one is chosen, what will move is said in words, and both are named once more.
import { Button, Modal, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { asRefusal } from '../app/calls.ts';
import { useCommand, useMe, useStation } from '../app/hooks.ts';
import { Deliberate } from '../ui/Deliberate.tsx';
import { Refused } from '../ui/Refused.tsx';
import type { Listed } from './PeoplePage.tsx';
import classes from './people.module.css';

type Preview = Awaited<ReturnType<ReturnType<typeof useStation>['people']['mergePreview']>>;

export function MergePerson({ person, close, done }: { person: Listed; close(): void; done(): void }) {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const me = useMe();
  const [into, setInto] = useState<string | null>(null);
  const { data: others = [] } = useQuery({
    queryKey: ['people.list', 'everywhere'],
    queryFn: async () => {
      const lists = await Promise.all(me.organisations.map(({ id }) => station.people.listPeople({ organisation: id })));
      // Whoever administers the platform may belong to no organisation.
      const all = [me.person, ...lists.flatMap(({ people }) => people)];
      return [...new Map(all.map((one) => [one.id, one])).values()].sort((a, b) => a.name.localeCompare(b.name));
    },
  });
  const preview = useQuery({
    queryKey: ['people.list', 'merge', person.id, into],
    queryFn: () => station.people.mergePreview({ from: person.id, into: into ?? '' }),
    enabled: into !== null,
  });
  const merge = useCommand((other: string) => station.people.mergePeople({ from: person.id, into: other }), {
    changes: ['people.list', 'people.teams'],
    done,
  });
  return (
    <Modal
      opened
      onClose={close}
      size="36rem"
      title={t('merge.title', { name: person.name })}
      closeButtonProps={{ 'aria-label': t('app:common.close') }}
    >
      <div className={classes.form}>
        <p>{t('merge.hint', { name: person.name, email: person.email })}</p>
        <Select
          label={t('merge.into')}
          data-autofocus
          searchable
          nothingFoundMessage={t('audit.noPerson')}
          comboboxProps={{ keepMounted: false }}
          data={others.filter(({ id }) => id !== person.id).map(({ id, name, email }) => ({ value: id, label: `${name} · ${email}` }))}
          value={into}
          onChange={setInto}
        />
        {into !== null && preview.data && <WhatMoves preview={preview.data} />}
        <Refused refusal={merge.refusal ?? (into !== null && preview.error ? asRefusal(preview.error) : undefined)} />
        <div className={classes.buttons}>
          <Button variant="default" onClick={close}>
            {t('app:common.cancel')}
          </Button>
          {into !== null && preview.data && (
            <Deliberate
              question={t('merge.sure', {
                from: `${preview.data.from.name} (${preview.data.from.email})`,
                into: `${preview.data.into.name} (${preview.data.into.email})`,
              })}
              act={t('merge.mergeIt')}
              onAct={() => void merge.run(into)}
            >
              {(ask) => (
                <Button loading={merge.busy} onClick={ask}>
                  {t('merge.submit')}
                </Button>
              )}
            </Deliberate>
          )}
        </div>
      </div>
    </Modal>
  );
}

function WhatMoves({ preview }: { preview: Preview }) {
  const { t } = useTranslation('people');
  const { from, into, organisations, roles, teams, preferences } = preview;
  const moves = [
    ...organisations.map((name) => t('merge.organisation', { name })),
    ...roles.map(({ role, where }) => t('merge.role', { role: t(`role.${role}`), where: where || t('list.platform') })),
    ...teams.map(({ name, role }) => t('merge.team', { name, role: t(`teamRole.${role}`) })),
    ...(preferences.length > 0 ? [t('merge.preferences', { count: preferences.length })] : []),
  ];
  const ends = [
    ...(preview.sessions > 0 ? [t('merge.sessions', { count: preview.sessions })] : []),
    ...(preview.hasPassword ? [t('merge.password')] : []),
    ...(preview.hasSecondFactor ? [t('merge.secondFactor')] : []),
    t('merge.links'),
  ];
  return (
    <div role="status">
      <p>{t(moves.length > 0 ? 'merge.moves' : 'merge.nothingMoves', { name: into.name })}</p>
      <Lines lines={moves} />
      <p>{t('merge.ends', { name: from.name })}</p>
      <Lines lines={ends} />
    </div>
  );
}

const Lines = ({ lines }: { lines: string[] }) => (
  <ul className={classes.may}>
    {lines.map((line) => (
      <li key={line}>{line}</li>
    ))}
  </ul>
);
