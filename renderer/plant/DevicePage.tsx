// L3: one device: how it is, and what its tags say now.
import { Button, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Link, useParams } from '@tanstack/react-router';
import { Search, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { addressOf } from '../app/address.ts';
import { useCommand, useMayChange, useStation } from '../app/hooks.ts';
import { useGo, useHere } from '../app/useHere.ts';
import { Deliberate } from '../ui/Deliberate.tsx';
import { Empty, Page } from '../ui/Page.tsx';
import { Refused } from '../ui/Refused.tsx';
import { Age } from './Age.tsx';
import classes from './Devices.module.css';
import { Health } from './Health.tsx';
import { TagTable } from './TagTable.tsx';
import { type ListedDevice, useDevices } from './useDevices.ts';

export default function DevicePage() {
  const { t } = useTranslation('plant');
  const here = useHere();
  const { device: id } = useParams({ strict: false }) as { device: string };
  const { devices, refusal } = useDevices(here?.site?.id);
  if (here?.site === undefined) return null;
  if (devices === undefined) return refusal ? <Refused refusal={refusal} /> : null;
  const device = devices.find((one) => one.id === id);
  if (device === undefined)
    return (
      <Page title={id}>
        <Empty action={<Link to={addressOf(here, 'devices')}>{t('device.title')}</Link>}>{t('device.gone')}</Empty>
      </Page>
    );
  // Another device is another list, with nothing typed.
  return <Device key={id} site={here.site.id} device={device} />;
}

function Device({ site, device }: { site: string; device: ListedDevice }) {
  const { t } = useTranslation(['plant', 'app']);
  const station = useStation();
  const mayChange = useMayChange();
  const go = useGo();
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed.trim(), 200);
  const remove = useCommand(() => station.plant.removeDevice({ site, device: device.id }), {
    changes: ['plant.listDevices', 'plant.listTags'],
    done: () => go('devices'),
  });
  const { health } = device;
  return (
    <Page
      title={device.name}
      status={[device.id, device.driver, device.unit !== null && t('device.unitId', { unit: device.unit })].filter(Boolean).join(' · ')}
      actions={
        mayChange('plant.configure', { site }) && (
          <Deliberate
            question={t('device.removeSure', { name: device.name, count: device.tags })}
            act={t('app:common.remove')}
            onAct={() => void remove.run(undefined)}
          >
            {(ask) => (
              <Button variant="default" leftSection={<Trash2 size={16} strokeWidth={1.75} />} loading={remove.busy} onClick={ask}>
                {t('device.remove')}
              </Button>
            )}
          </Deliberate>
        )
      }
    >
      <div className={classes.page}>
        <Refused refusal={remove.refusal} />
        <div className={classes.bar}>
          <Health health={health} />
          <span>
            {t('device.lastReply')}: <Age time={health.lastReplyAt} />
          </span>
          {health.roundTripMs !== null && (
            <span>
              {t('device.roundTrip')}: <span className="quiet">{t('device.ms', { count: Math.round(health.roundTripMs) })}</span>
            </span>
          )}
        </div>
        <TextInput
          className={classes.find}
          leftSection={<Search size={16} strokeWidth={1.75} />}
          aria-label={t('tag.searchHere')}
          placeholder={t('tag.searchHere')}
          maxLength={120}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <TagTable site={site} device={device.id} search={search} />
      </div>
    </Page>
  );
}
