// L1: the whole site in one look. Grey and quiet: colour would mean that something is wrong.
import { Button } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { ChevronRight, Pencil, Plus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { addressOf, type Here, type SiteOfMe } from '../app/address.ts';
import { useLive, useMay, useMe } from '../app/hooks.ts';
import { useGo, useHere } from '../app/useHere.ts';
import { childrenOf, type PlaceOfTree } from '../people/index.ts';
import { Empty, Page } from '../ui/Page.tsx';
import classes from './plant.module.css';

export default function OverviewPage() {
  const here = useHere();
  if (here === undefined) return null;
  return here.site ? <Site here={here} site={here.site} /> : <ManySites here={here} />;
}

function Site({ here, site }: { here: Here; site: SiteOfMe }) {
  const { t } = useTranslation('plant');
  const may = useMay();
  const go = useGo();
  const { values } = useLive('people.places', { site: site.id });
  const places = [...(values?.values() ?? [])];
  const tops = childrenOf(places, null);
  const mayEdit = may('site.configure', { site: site.id });
  const count = (kind: PlaceOfTree['kind']) => places.filter((place) => place.kind === kind).length;
  const status = t('overview.status', {
    buildings: t('overview.buildings', { count: count('building') }),
    systems: t('overview.systems', { count: count('system') }),
  });
  return (
    <Page
      title={site.name}
      status={values && status}
      actions={
        mayEdit &&
        places.length > 0 && (
          <Button variant="default" leftSection={<Pencil size={16} strokeWidth={1.75} />} onClick={() => go('site')}>
            {t('overview.edit')}
          </Button>
        )
      }
    >
      {values && places.length === 0 && (
        <Empty
          action={
            mayEdit && (
              <Button leftSection={<Plus size={16} strokeWidth={1.75} />} onClick={() => go('site')}>
                {t('overview.add')}
              </Button>
            )
          }
        >
          {mayEdit ? t('overview.empty') : t('overview.emptyForViewers')}
        </Empty>
      )}
      <div className={classes.buildings}>
        {tops.map((building) => (
          <Building key={building.id} building={building} places={places} here={here} />
        ))}
      </div>
    </Page>
  );
}

function Building({ building, places, here }: { building: PlaceOfTree; places: PlaceOfTree[]; here: Here }) {
  const { t } = useTranslation('plant');
  const systems = childrenOf(places, building.id);
  return (
    <section className={classes.building} aria-label={building.name}>
      <h2 className="cut">
        <Link to={addressOf(here, `plant/${building.id}`)} className={classes.buildingName}>
          {building.name}
        </Link>
      </h2>
      {systems.length === 0 ? (
        <p className="quiet">{t('overview.noSystems')}</p>
      ) : (
        <ul className={classes.systems}>
          {systems.map((system) => (
            <li key={system.id}>
              <Link to={addressOf(here, `plant/${system.id}`)} className={classes.system}>
                <span className="cut">{system.name}</span>
                <ChevronRight size={16} strokeWidth={1.75} aria-hidden />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** A whole organisation, or everything: its sites, each one press away. */
function ManySites({ here }: { here: Here }) {
  const { t } = useTranslation('plant');
  const me = useMe();
  const navigate = useNavigate();
  const sites = me.sites.filter(
    (site) => site.archivedAt === null && (here.organisation === undefined || site.organisation === here.organisation.id),
  );
  return (
    <Page title={here.organisation?.name ?? me.station.name} status={t('overview.organisationStatus', { count: sites.length })}>
      {sites.length === 0 && (
        <Empty action={<Button onClick={() => void navigate({ to: addressOf(here, 'organisations') })}>{t('overview.edit')}</Button>}>
          {t('overview.noSites')}
        </Empty>
      )}
      <ul className={classes.sites}>
        {sites.map((site) => {
          const organisation = me.organisations.find((one) => one.id === site.organisation);
          return (
            <li key={site.id}>
              <Link to={addressOf({ ...here, organisation, site }, 'plant')} className={classes.system}>
                <span className="cut">
                  {site.name} {here.organisation === undefined && <span className="quiet">· {organisation?.name}</span>}
                </span>
                <ChevronRight size={16} strokeWidth={1.75} aria-hidden />
              </Link>
            </li>
          );
        })}
      </ul>
    </Page>
  );
}
