// Who has which role where: people down, places across, each meeting of the two read and changed in place.
import { Menu, Table, UnstyledButton } from '@mantine/core';
import { Check } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { GrantPlace } from '../../contract/people.ts';
import { grantable, ROLES, type Role } from '../../contract/permissions.ts';
import type { Organisation, SiteOfMe } from '../app/address.ts';
import { placeHere, useCanAct, useCommand, useMe, useStation } from '../app/hooks.ts';
import { Portrait } from '../ui/Portrait.tsx';
import type { Listed } from './PeoplePage.tsx';
import classes from './people.module.css';

type Column = { at: GrantPlace; name: string; roles: Role[] };

export function RoleMatrix({ people, organisation, sites }: { people: Listed[]; organisation: Organisation; sites: SiteOfMe[] }) {
  const { t } = useTranslation('people');
  const me = useMe();
  const column = (at: Exclude<GrantPlace, { kind: 'platform' }>, name: string): Column => {
    const place = placeHere(me, at.kind === 'site' ? { site: at.site } : { organisation: at.organisation });
    return { at, name, roles: place ? grantable(me.grants, place) : [] };
  };
  const columns = [
    column({ kind: 'organisation', organisation: organisation.id }, t('matrix.organisation')),
    ...sites.filter((site) => site.archivedAt === null).map((site) => column({ kind: 'site', site: site.id }, site.name)),
  ];
  return (
    <div className={classes.scroll}>
      <Table className={classes.matrix}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('list.name')}</Table.Th>
            {columns.map(({ at, name }) => (
              <Table.Th key={JSON.stringify(at)} scope="col" className="cut">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {people.map((person) => (
            <Table.Tr key={person.id}>
              <Table.Th scope="row">
                <span className={classes.person}>
                  <Portrait person={person} size="1.5rem" />
                  <span className="cut">{person.name}</span>
                </span>
              </Table.Th>
              {columns.map((where) => (
                <Table.Td key={JSON.stringify(where.at)}>
                  <Cell person={person} column={where} fixed={person.id === me.person.id} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

/** Several roles at one place are shown by the one that may most. `fixed`: nobody changes their own. */
function Cell({ person, column, fixed }: { person: Listed; column: Column; fixed: boolean }) {
  const { t } = useTranslation('people');
  const station = useStation();
  const given = person.grants.filter(({ at }) => JSON.stringify(at) === JSON.stringify(column.at));
  const present = ROLES.findLast((role) => given.some((grant) => grant.role === role));
  const change = useCommand(
    async (role: Role | undefined) => {
      const old = given.filter((grant) => grant.role !== role && column.roles.includes(grant.role)).map(({ id }) => id);
      // One change: it is undone as one.
      if (role !== undefined) await station.people.grantRole({ person: person.id, role, at: column.at, instead: old });
      else for (const grant of old) await station.people.revokeRole({ grant });
    },
    { announce: true, changes: ['people.list'] },
  );
  const canAct = useCanAct();
  const word = present ? t(`role.${present}`) : t('matrix.none');
  if (fixed || !canAct || column.roles.length === 0 || (present && !column.roles.includes(present)))
    return <span className={`${classes.fixed} ${present ? '' : 'quiet'}`}>{word}</span>;
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <UnstyledButton
          className={classes.cell}
          data-empty={present === undefined}
          disabled={change.busy}
          aria-label={t('matrix.cell', { name: person.name, where: column.name, role: word })}
        >
          {word}
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {[...column.roles, undefined].map((role) => (
          <Menu.Item
            key={role ?? 'none'}
            rightSection={role === present ? <Check size={16} strokeWidth={1.75} /> : null}
            onClick={() => role !== present && void change.run(role)}
          >
            {role ? t(`role.${role}`) : t('matrix.none')}
            <span className={`${classes.means} quiet`}>{role ? t(`roleMeans.${role}`) : t('matrix.noneMeans')}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
