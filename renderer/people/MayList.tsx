// What somebody may do at a place, in plain words.
import { useTranslation } from 'react-i18next';
import type { Permission } from '../../contract/permissions.ts';
import classes from './people.module.css';

export function MayList({ may }: { may: readonly Permission[] }) {
  const { t } = useTranslation('people');
  if (may.length === 0) return <p className="quiet">{t('may.nothing')}</p>;
  return (
    <ul className={classes.may}>
      {may.map((permission) => (
        <li key={permission}>{t(`may.${permission}`)}</li>
      ))}
    </ul>
  );
}
