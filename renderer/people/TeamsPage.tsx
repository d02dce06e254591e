// The teams of an organisation: looked after by their admins and owners, seen by their members.
import { Badge, Button, Modal, Select, Table, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Plus, UserPlus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { allows, grantableInTeam, type Permission, type Place, type TeamRole } from '../../contract/permissions.ts';
import type { Organisation } from '../app/address.ts';
import { useAsked } from '../app/asked.ts';
import { asRefusal } from '../app/calls.ts';
import { rightsOf, useCommand, useMay, useMe, useStation } from '../app/hooks.ts';
import { useHere } from '../app/useHere.ts';
import { Deliberate } from '../ui/Deliberate.tsx';
import { Empty, Page, Section } from '../ui/Page.tsx';
import { Portrait } from '../ui/Portrait.tsx';
import { Refused } from '../ui/Refused.tsx';
import { AddTeamMember } from './AddTeamMember.tsx';
import { HistoryPanel, useHistoryPanel } from './HistoryPanel.tsx';
import classes from './people.module.css';
import { NameDialog } from './Tree.tsx';

export type Team = Awaited<ReturnType<ReturnType<typeof useStation>['people']['listTeams']>>['teams'][number];
type Member = Team['members'][number];

const CHANGES = { changes: ['people.teams'] };

/** What I may do in a team, and what I may make others in it. */
export function useRightsIn(team: Pick<Team, 'id' | 'organisation'>): { may(permission: Permission): boolean; roles: TeamRole[] } {
  const rights = rightsOf(useMe());
  const place: Place = { kind: 'team', organisation: team.organisation, team: team.id };
  return { may: (permission) => allows(rights, permission, place), roles: grantableInTeam(rights, place) };
}

export default function TeamsPage() {
  const { t } = useTranslation('people');
  const station = useStation();
  const organisation = useHere()?.organisation;
  const me = useMe();
  const may = useMay();
  const [adding, setAdding] = useState(false);
  useAsked('add', () => setAdding(true));
  const { data, error } = useQuery({
    // What I am in my teams comes by itself: the list is asked for again when it has changed.
    queryKey: ['people.teams', organisation?.id, JSON.stringify(me.teams)],
    queryFn: () => station.people.listTeams({ organisation: organisation?.id ?? '' }),
    enabled: organisation !== undefined,
    placeholderData: (before) => before,
  });
  const adds = organisation !== undefined && may('organisation.people', { organisation: organisation.id });
  const teams = data?.teams;
  const add = adds && (
    <Button leftSection={<Plus size={16} strokeWidth={1.75} />} onClick={() => setAdding(true)}>
      {t('teams.add')}
    </Button>
  );

  return (
    <Page title={t('teams.title')} status={teams && t('teams.status', { count: teams.length })} actions={add}>
      {error && <Refused refusal={asRefusal(error)} />}
      {adds && teams?.length === 0 && <Empty action={add}>{t('teams.none')}</Empty>}
      {teams?.map((team) => (
        <TeamSection key={team.id} team={team} />
      ))}
      <HistoryPanel />
      {organisation && adding && <AddTeam organisation={organisation} close={() => setAdding(false)} />}
    </Page>
  );
}

function TeamSection({ team }: { team: Team }) {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const { may } = useRightsIn(team);
  const [asked, setAsked] = useState<'rename' | 'add'>();
  const close = () => setAsked(undefined);
  const rename = useCommand((name: string) => station.people.updateTeam({ team: team.id, name }), { ...CHANGES, done: close });
  const remove = useCommand(() => station.people.removeTeam({ team: team.id }), { ...CHANGES, announce: true });
  const look = { size: 'compact-sm', variant: 'subtle', color: 'gray' } as const;
  const organisation = useHere()?.organisation;
  const mayRead = useMay()('site.audit', { organisation: team.organisation });
  const history = useHistoryPanel((state) => state.show);
  return (
    <Section
      title={team.name}
      actions={
        <div className={classes.badges}>
          {mayRead && organisation && (
            <Button
              {...look}
              onClick={() => history({ entity: 'team', id: team.id, name: team.name, organisation })}
              aria-label={t('history.title', { name: team.name })}
            >
              {t('app:common.history')}
            </Button>
          )}
          {may('team.own') && (
            <Deliberate
              question={t('teams.removeSure', { name: team.name })}
              act={t('teams.removeIt')}
              onAct={() => void remove.run(undefined)}
            >
              {(ask) => (
                <Button {...look} loading={remove.busy} onClick={ask} aria-label={t('teams.removeNamed', { name: team.name })}>
                  {t('teams.remove')}
                </Button>
              )}
            </Deliberate>
          )}
          {may('team.keep') && (
            <>
              <Button {...look} onClick={() => setAsked('rename')} aria-label={t('site.renameTitle', { name: team.name })}>
                {t('app:common.rename')}
              </Button>
              <Button
                size="compact-sm"
                variant="default"
                leftSection={<UserPlus size={16} strokeWidth={1.75} />}
                onClick={() => setAsked('add')}
                aria-label={t('teams.addTo', { name: team.name })}
              >
                {t('teams.addMember')}
              </Button>
            </>
          )}
        </div>
      }
    >
      {team.members.length === 0 ? (
        <p className="quiet">{t('teams.nobody')}</p>
      ) : (
        <Table className={`${classes.table} ${classes.teamTable}`} aria-label={t('teams.peopleOf', { name: team.name })}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('list.name')}</Table.Th>
              <Table.Th>{t('teams.role')}</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {team.members.map((member) => (
              <MemberRow key={member.id} team={team} member={member} />
            ))}
          </Table.Tbody>
        </Table>
      )}
      {asked === 'rename' && (
        <NameDialog
          title={t('site.renameTitle', { name: team.name })}
          submit={t('app:common.rename')}
          before={team.name}
          command={rename}
          close={close}
        />
      )}
      {asked === 'add' && <AddTeamMember team={team} close={close} />}
    </Section>
  );
}

function MemberRow({ team, member }: { team: Team; member: Member }) {
  const { t } = useTranslation('people');
  const station = useStation();
  const me = useMe();
  const { roles } = useRightsIn(team);
  const set = useCommand((role: TeamRole) => station.people.setTeamMember({ team: team.id, person: member.id, role }), {
    ...CHANGES,
    announce: true,
  });
  const remove = useCommand(() => station.people.removeTeamMember({ team: team.id, person: member.id }), { ...CHANGES, announce: true });
  const self = member.id === me.person.id;
  const named = { name: member.name, team: team.name };
  // The last owner stays one: nothing is offered that would be refused.
  const stays = member.role === 'owner' && team.members.filter(({ role }) => role === 'owner').length === 1;
  return (
    <Table.Tr>
      <Table.Td>
        <span className={classes.person}>
          <Portrait person={member} size="1.5rem" />
          <span className="cut">{member.name}</span>
        </span>
      </Table.Td>
      <Table.Td>
        {roles.length > 1 && !stays ? (
          <Select
            className={classes.teamRole}
            aria-label={t('teams.roleOf', named)}
            allowDeselect={false}
            disabled={set.busy}
            data={roles.map((role) => ({ value: role, label: t(`teamRole.${role}`) }))}
            value={member.role}
            onChange={(role) => role !== null && role !== member.role && void set.run(role as TeamRole)}
          />
        ) : (
          <Badge>{t(`teamRole.${member.role}`)}</Badge>
        )}
      </Table.Td>
      <Table.Td className={classes.atEnd}>
        {!stays && (self || roles.includes(member.role)) && (
          <Deliberate
            question={t(self ? 'teams.leaveSure' : 'teams.takeOutSure', named)}
            act={t(self ? 'teams.leaveIt' : 'teams.takeOutIt')}
            onAct={() => void remove.run(undefined)}
          >
            {(ask) => (
              <Button
                size="compact-sm"
                variant="subtle"
                color="gray"
                loading={remove.busy}
                onClick={ask}
                aria-label={t(self ? 'teams.leaveNamed' : 'teams.takeOutNamed', named)}
              >
                {t(self ? 'teams.leave' : 'teams.takeOut')}
              </Button>
            )}
          </Deliberate>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function AddTeam({ organisation, close }: { organisation: Organisation; close(): void }) {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const me = useMe();
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const { data } = useQuery({
    queryKey: ['people.list', organisation.id],
    queryFn: () => station.people.listPeople({ organisation: organisation.id }),
  });
  const people = data?.people ?? [];
  const owner = chosen ?? people.find(({ id }) => id === me.person.id)?.id ?? null;
  const add = useCommand((by: string) => station.people.createTeam({ organisation: organisation.id, name, owner: by }), {
    ...CHANGES,
    done: close,
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    if (owner !== null) void add.run(owner);
  }
  return (
    <Modal opened onClose={close} title={t('teams.add')} closeButtonProps={{ 'aria-label': t('app:common.close') }}>
      <form onSubmit={submit} className={classes.form}>
        <TextInput
          label={t('list.name')}
          required
          data-autofocus
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select
          label={t('teams.owner')}
          description={t('teamRoleMeans.owner')}
          required
          searchable
          allowDeselect={false}
          nothingFoundMessage={t('audit.noPerson')}
          comboboxProps={{ keepMounted: false }}
          data={people.map((one) => ({ value: one.id, label: `${one.name} · ${one.email}` }))}
          value={owner}
          onChange={setChosen}
        />
        <Refused refusal={add.refusal} />
        <div className={classes.buttons}>
          <Button variant="default" onClick={close}>
            {t('app:common.cancel')}
          </Button>
          <Button type="submit" loading={add.busy} disabled={owner === null}>
            {t('app:common.add')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
