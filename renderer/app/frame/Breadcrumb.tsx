// Where one is: station ▸ organisation ▸ site, each a menu of the others.
import { Menu, UnstyledButton } from '@mantine/core';
import { useLocation } from '@tanstack/react-router';
import { Check, ChevronDown, ChevronRight } from 'lucide-react';
import { Fragment, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { type Here, pageOf } from '../address.ts';
import { useAreas } from '../areas.ts';
import { mayOf, useApp, useMe } from '../hooks.ts';
import { useChooser } from '../stations/stations.ts';
import { useGo, useHere } from '../useHere.ts';
import classes from './Breadcrumb.module.css';

type Choice = { key: string; label: string; here: Here; chosen: boolean };

export function Breadcrumb() {
  const { t } = useTranslation('app');
  const me = useMe();
  const here = useHere();
  const go = useGo();
  const areas = useAreas();
  const { door } = useApp();
  const choose = useChooser((state) => state.show);
  const { pathname } = useLocation();
  const station = me.station.key;

  /** The same page at another place, where it is shown there; else the first one that is. */
  const goThere = (there: Here) => {
    const present = pageOf(pathname).split('/')[0];
    const rail = areas.flatMap((area) => area.rail).filter((entry) => entry.shows({ me, here: there, may: mayOf(me) }));
    go((rail.find((entry) => entry.path === present) ?? rail[0])?.path ?? 'account', there);
  };

  const sitesOf = (organisation: string | undefined) =>
    me.sites.filter((site) => site.organisation === organisation && site.archivedAt === null);
  const firstOf = (organisation: Me['organisations'][number]): Here => ({ station, organisation, site: sitesOf(organisation.id)[0] });

  const organisations: Choice[] = me.organisations
    .filter((one) => one.archivedAt === null)
    .map((one) => ({ key: one.id, label: one.name, here: firstOf(one), chosen: one.id === here?.organisation?.id }));
  if (me.organisations.length > 1)
    organisations.push({
      key: '-',
      label: t('bar.allOrganisations'),
      here: { station, organisation: undefined, site: undefined },
      chosen: here?.organisation === undefined,
    });
  const sites: Choice[] = sitesOf(here?.organisation?.id).map((one) => ({
    key: one.id,
    label: one.name,
    here: { station, organisation: here?.organisation, site: one },
    chosen: one.id === here?.site?.id,
  }));
  if (here?.organisation)
    sites.push({
      key: '-',
      label: t('bar.wholeOrganisation'),
      here: { station, organisation: here.organisation, site: undefined },
      chosen: here.site === undefined,
    });

  return (
    <nav aria-label={t('bar.where')} className={classes.trail}>
      {door.stations ? (
        <UnstyledButton
          className={`${classes.step} ${classes.station}`}
          aria-label={t('stations.at', { name: me.station.name })}
          aria-haspopup="dialog"
          onClick={choose}
        >
          <span className="cut">{me.station.name}</span>
          <ChevronDown size={14} strokeWidth={1.75} aria-hidden />
        </UnstyledButton>
      ) : (
        <span className={`${classes.station} cut`}>{me.station.name}</span>
      )}
      {organisations.length > 0 && (
        <Step
          label={t('bar.organisation')}
          shown={here?.organisation?.name ?? t('bar.allOrganisations')}
          choices={organisations}
          choose={goThere}
        />
      )}
      {here?.organisation && (
        <Step label={t('bar.chooseSite')} shown={here.site?.name ?? t('bar.wholeOrganisation')} choices={sites} choose={goThere} strong />
      )}
    </nav>
  );
}

type Me = ReturnType<typeof useMe>;

function Step({
  label,
  shown,
  choices,
  choose,
  strong = false,
}: {
  label: string;
  shown: string;
  choices: Choice[];
  choose(here: Here): void;
  strong?: boolean;
}): ReactNode {
  return (
    <Fragment>
      <ChevronRight size={16} strokeWidth={1.75} className={classes.arrow} aria-hidden />
      <Menu position="bottom-start">
        <Menu.Target>
          <UnstyledButton className={classes.step} data-strong={strong} aria-label={`${label}: ${shown}`}>
            <span className="cut">{shown}</span>
            <ChevronDown size={14} strokeWidth={1.75} aria-hidden />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown mah="70vh" className={classes.menu}>
          {choices.map(({ key, label: name, here, chosen }) => (
            <Menu.Item
              key={key}
              role="menuitemradio"
              aria-checked={chosen}
              onClick={() => choose(here)}
              rightSection={chosen ? <Check size={16} strokeWidth={1.75} /> : null}
            >
              {name}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Fragment>
  );
}
