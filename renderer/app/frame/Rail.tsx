// The areas at the side: those that exist and that one may see.
import { UnstyledButton } from '@mantine/core';
import { Link, useLocation } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { addressOf, pageOf } from '../address.ts';
import { useAreas, useScreenContext } from '../areas.ts';
import classes from './Rail.module.css';

export function Rail() {
  const { t } = useTranslation('app');
  const areas = useAreas();
  const context = useScreenContext();
  const { pathname } = useLocation();
  if (context === undefined) return null;
  const page = pageOf(pathname);
  const entries = areas.flatMap((area) =>
    area.rail.filter((entry) => entry.shows(context)).map((entry) => ({ ...entry, area: area.area })),
  );
  return (
    <nav className={classes.rail} aria-label={t('rail.label')}>
      {entries.map(({ area, path, label, icon: Icon }) => {
        const chosen = page === path || page.startsWith(`${path}/`);
        return (
          <UnstyledButton
            key={path}
            className={classes.entry}
            data-chosen={chosen}
            component={Link}
            to={addressOf(context.here, path)}
            {...(chosen && { 'aria-current': 'page' as const })}
          >
            <Icon size={20} strokeWidth={1.75} aria-hidden />
            <span>{t(`${area}:${label}` as never)}</span>
          </UnstyledButton>
        );
      })}
    </nav>
  );
}
