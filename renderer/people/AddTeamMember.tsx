// Adds a person of the organisation to a team: found by name, or by the whole e-mail address.
import { Button, Modal, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TeamRole } from '../../contract/permissions.ts';
import { useCommand, useStation } from '../app/hooks.ts';
import { Refused } from '../ui/Refused.tsx';
import classes from './people.module.css';
import { type Team, useRightsIn } from './TeamsPage.tsx';

type Found = { id: string; name: string };

export function AddTeamMember({ team, close }: { team: Team; close(): void }) {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const { roles } = useRightsIn(team);
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState<Found>();
  const [role, setRole] = useState<TeamRole>('member');
  const search = useDeferredValue(typed === chosen?.name ? '' : typed);
  const { data } = useQuery({
    queryKey: ['people.teams', 'candidates', team.id, search],
    queryFn: () => station.people.listTeamCandidates({ team: team.id, search }),
    placeholderData: (before) => before,
  });
  const found = data?.people ?? [];
  const offered: Found[] = chosen === undefined || found.some(({ id }) => id === chosen.id) ? found : [chosen, ...found];
  const add = useCommand((person: string) => station.people.setTeamMember({ team: team.id, person, role }), {
    changes: ['people.teams'],
    done: close,
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    if (chosen) void add.run(chosen.id);
  }
  return (
    <Modal opened onClose={close} title={t('teams.addTo', { name: team.name })} closeButtonProps={{ 'aria-label': t('app:common.close') }}>
      <form onSubmit={submit} className={classes.form}>
        <Select
          label={t('teams.person')}
          description={t('teams.personHint')}
          data-autofocus
          required
          searchable
          // The station has looked already, in more than the names.
          filter={({ options }) => options}
          nothingFoundMessage={t('teams.noneFound')}
          comboboxProps={{ keepMounted: false }}
          data={offered.map(({ id, name }) => ({ value: id, label: name }))}
          value={chosen?.id ?? null}
          onChange={(id) => setChosen(offered.find((one) => one.id === id))}
          searchValue={typed}
          onSearchChange={setTyped}
        />
        {roles.length > 1 && (
          <Select
            label={t('teams.role')}
            description={t(`teamRoleMeans.${role}`)}
            allowDeselect={false}
            data={roles.map((one) => ({ value: one, label: t(`teamRole.${one}`) }))}
            value={role}
            onChange={(one) => setRole((one ?? role) as TeamRole)}
          />
        )}
        <Refused refusal={add.refusal} />
        <div className={classes.buttons}>
          <Button variant="default" onClick={close}>
            {t('app:common.cancel')}
          </Button>
          <Button type="submit" loading={add.busy} disabled={chosen === undefined}>
            {t('app:common.add')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
