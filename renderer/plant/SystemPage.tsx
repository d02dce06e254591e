// L2: one building or system from near.
import { Link, useParams } from '@tanstack/react-router';
import { ChevronRight } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { addressOf } from '../app/address.ts';
import { useLive } from '../app/hooks.ts';
import { useHere } from '../app/useHere.ts';
import { childrenOf } from '../people/index.ts';
import { Empty, Page } from '../ui/Page.tsx';
import { Health } from './Health.tsx';
import classes from './plant.module.css';
import { useDevices } from './useDevices.ts';

export default function SystemPage() {
  const { t } = useTranslation('plant');
  const here = useHere();
  const { system: id } = useParams({ strict: false }) as { system: string };
  const { values } = useLive('people.places', here?.site && { site: here.site.id });
  const { devices } = useDevices(here?.site?.id);
  if (here?.site === undefined || values === undefined) return null;
  const places = [...values.values()];
  const system = values.get(id);
  if (system === undefined)
    return (
      <Page title={here.site.name}>
        <Empty action={<Link to={addressOf(here, 'plant')}>{here.site.name}</Link>}>{t('system.gone')}</Empty>
      </Page>
    );
  const parent = system.parent === null ? undefined : values.get(system.parent);
  const inside = childrenOf(places, system.id);
  const connected = devices?.filter(({ place }) => place === system.id) ?? [];
  return (
    <Page title={system.name} status={parent?.name ?? here.site.name}>
      {inside.length > 0 && (
        <section className={classes.building}>
          <h2>{t('system.inside')}</h2>
          <ul className={classes.systems}>
            {inside.map((one) => (
              <li key={one.id}>
                <Link to={addressOf(here, `plant/${one.id}`)} className={classes.system}>
                  <span className="cut">{one.name}</span>
                  <ChevronRight size={16} strokeWidth={1.75} aria-hidden />
                </Link>
              </li>
            ))}
          </ul>
        </section>
      )}
      {connected.length > 0 && (
        <section className={classes.building}>
          <h2>{t('system.devices')}</h2>
          <ul className={classes.systems}>
            {connected.map((device) => (
              <li key={device.id}>
                <Link to={addressOf(here, `devices/${device.id}`)} className={classes.system}>
                  <span className="cut">{device.name}</span>
                  <Health health={device.health} />
                </Link>
              </li>
            ))}
          </ul>
        </section>
      )}
      {devices && connected.length === 0 && <Empty>{t('system.empty')}</Empty>}
    </Page>
  );
}
