// All devices of a site and how they are; a word in the field above finds tags of all of them.
import { Button, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import { Download, FileUp, Search } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { addressOf, type Here, type SiteOfMe } from '../app/address.ts';
import { useAsked } from '../app/asked.ts';
import { useCommand, useMay, useMayChange, useStation } from '../app/hooks.ts';
import { useHere } from '../app/useHere.ts';
import { offer } from '../ui/offer.ts';
import { Empty, Page } from '../ui/Page.tsx';
import { Refused } from '../ui/Refused.tsx';
import { Age } from './Age.tsx';
import classes from './Devices.module.css';
import { Health } from './Health.tsx';
import { ImportDevices } from './ImportDevices.tsx';
import { TagTable } from './TagTable.tsx';
import { type ListedDevice, useDevices } from './useDevices.ts';
import { VirtualRows } from './VirtualRows.tsx';

export default function DevicesPage() {
  const here = useHere();
  return here?.site ? <Devices here={here} site={here.site} /> : null;
}

function Devices({ here, site }: { here: Here; site: SiteOfMe }) {
  const { t } = useTranslation('plant');
  const station = useStation();
  const may = useMay();
  const mayChange = useMayChange();
  const { devices, refusal } = useDevices(site.id);
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed.trim(), 200);
  const [importing, setImporting] = useState(false);
  const configures = mayChange('plant.configure', { site: site.id });
  useAsked('import', () => setImporting(configures));
  const save = useCommand(() => station.plant.exportConfig({ site: site.id }), {
    done: ({ document }) =>
      offer(new Blob([JSON.stringify(document, null, 2)], { type: 'application/json' }), `${site.key}-${t('device.fileName')}`),
  });
  const importButton = configures && (
    <Button
      variant={devices?.length ? 'default' : 'filled'}
      leftSection={<FileUp size={16} strokeWidth={1.75} />}
      onClick={() => setImporting(true)}
    >
      {t('import.open')}
    </Button>
  );
  const some = devices !== undefined && devices.length > 0;
  return (
    <Page
      title={t('device.title')}
      status={some && statusOf(devices, t)}
      actions={
        some && (
          <>
            {may('plant.configure', { site: site.id }) && (
              <Button
                variant="default"
                leftSection={<Download size={16} strokeWidth={1.75} />}
                loading={save.busy}
                onClick={() => void save.run(undefined)}
              >
                {t('device.save')}
              </Button>
            )}
            {importButton}
          </>
        )
      }
    >
      <div className={classes.page}>
        <Refused refusal={refusal ?? save.refusal} />
        {devices?.length === 0 && <Empty action={importButton}>{t(configures ? 'device.empty' : 'device.emptyForViewers')}</Empty>}
        {some && (
          <TextInput
            className={classes.find}
            leftSection={<Search size={16} strokeWidth={1.75} />}
            aria-label={t('tag.search')}
            placeholder={t('tag.search')}
            maxLength={120}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )}
        {some && search !== '' && <TagTable site={site.id} search={search} />}
        {some && search === '' && (
          <VirtualRows
            rows={devices}
            keyOf={(device) => device.id}
            label={t('device.title')}
            head={
              <div className={classes.device}>
                <span>{t('tag.name')}</span>
                <span>{t('device.driver')}</span>
                <span>{t('device.health')}</span>
                <span>{t('device.lastReply')}</span>
                <span className={classes.right}>{t('device.roundTrip')}</span>
                <span className={classes.right}>{t('device.tags')}</span>
              </div>
            }
          >
            {(block) => block.map((device) => <Row key={device.id} device={device} here={here} />)}
          </VirtualRows>
        )}
      </div>
      {importing && <ImportDevices site={site.id} close={() => setImporting(false)} />}
    </Page>
  );
}

function statusOf(devices: readonly ListedDevice[], t: ReturnType<typeof useTranslation<'plant'>>['t']): string {
  const wrong = devices.filter(({ health }) => health.state === 'failing' || health.state === 'down').length;
  return [t('device.count', { count: devices.length }), wrong > 0 ? t('device.wrong', { count: wrong }) : t('device.allWell')].join(' · ');
}

function Row({ device, here }: { device: ListedDevice; here: Here }) {
  const { t } = useTranslation('plant');
  const { health } = device;
  return (
    <li>
      <Link to={addressOf(here, `devices/${device.id}`)} className={classes.device}>
        <span className="cut">
          {device.name} {device.name !== device.id && <span className="quiet">{device.id}</span>}
        </span>
        <span className="quiet cut">
          {device.driver} {device.unit !== null && t('device.unitId', { unit: device.unit })}
        </span>
        <Health health={health} />
        <Age time={health.lastReplyAt} />
        <span className={`${classes.right} quiet`}>
          {health.roundTripMs === null ? '–' : t('device.ms', { count: Math.round(health.roundTripMs) })}
        </span>
        <span className={classes.right}>{device.tags}</span>
      </Link>
    </li>
  );
}
