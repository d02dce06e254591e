// A role in a word, and the place it holds at where that is not clear from the page.
import { Badge, Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { GrantPlace } from '../../contract/people.ts';
import type { Role } from '../../contract/permissions.ts';
import { useMe } from '../app/hooks.ts';
import { placeName } from './roleWords.ts';

export function RoleBadge({ role, at }: { role: Role; at: GrantPlace | undefined }) {
  const { t } = useTranslation('people');
  const me = useMe();
  const where = at === undefined ? undefined : (placeName(me, at) ?? t('list.platform'));
  return (
    <Tooltip label={t(`roleMeans.${role}`)}>
      <Badge>{where === undefined ? t(`role.${role}`) : `${t(`role.${role}`)} · ${where}`}</Badge>
    </Tooltip>
  );
}
