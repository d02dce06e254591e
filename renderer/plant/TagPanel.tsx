// One tag from near: its value large, how old and how sure it is, and what it said before.
import { Drawer, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ListedTag } from '../../contract/plant.ts';
import { asRefusal } from '../app/calls.ts';
import { useLive, useStation } from '../app/hooks.ts';
import { useStationState } from '../app/station.ts';
import { usePlantZone } from '../app/useHere.ts';
import { Empty, Section } from '../ui/Page.tsx';
import { Refused } from '../ui/Refused.tsx';
import { dateTimeSeconds, zoneName } from '../ui/time.ts';
import { Age } from './Age.tsx';
import { columnsOf, extentOf } from './chart.ts';
import classes from './Devices.module.css';
import { HistoryChart, type Pointed } from './HistoryChart.tsx';
import { LOOKS, Quality } from './Quality.tsx';
import { written } from './trust.ts';
import { useTrust } from './useTrust.ts';

const HOUR = 3_600_000;
const SPANS = {
  hour: { ms: HOUR, everyMs: 5_000 },
  day: { ms: 24 * HOUR, everyMs: 60_000 },
  month: { ms: 30 * 24 * HOUR, everyMs: 300_000 },
} as const;
type Span = keyof typeof SPANS;
/** As wide as the chart in the panel is at most. */
const WIDTH_PX = 900;

export function TagPanel({ site, tag, close }: { site: string; tag: ListedTag; close(): void }) {
  const { t } = useTranslation(['plant', 'app']);
  const { values, refusal } = useLive('plant.values', { site, tags: [tag.id] });
  const value = values?.get(tag.id);
  const trust = useTrust(value, tag.scan, refusal !== undefined);
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size="60rem"
      title={tag.name}
      closeButtonProps={{ 'aria-label': t('app:common.close') }}
      transitionProps={{ duration: 120 }}
    >
      <div className={classes.panelHead} data-quality={trust.quality}>
        <span className={`${classes.value} ${classes.large}`} data-look={LOOKS[trust.quality]}>
          {written(value?.value, tag.labels)}
        </span>
        <span className="quiet">{tag.unit}</span>
        <Age time={value?.value === null ? null : value?.time} />
        <Quality trust={trust} />
      </div>
      <dl className={classes.facts}>
        {(
          [
            ['tag.id', tag.id],
            ['tag.device', tag.device],
            ['tag.type', tag.type ?? '–'],
            ['tag.scan', tag.scan],
          ] as const
        ).map(([name, text]) => (
          <div key={name}>
            <dt>{t(name)}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <History site={site} tag={tag} />
    </Drawer>
  );
}

function History({ site, tag }: { site: string; tag: ListedTag }) {
  const { t } = useTranslation('plant');
  const station = useStation();
  const zone = usePlantZone();
  const [span, setSpan] = useState<Span>('hour');
  const [pointed, setPointed] = useState<Pointed>();
  const { ms, everyMs } = SPANS[span];
  const { data, error } = useQuery({
    queryKey: ['plant.readHistory', site, tag.id, span],
    queryFn: async () => {
      const to = Date.now() + useStationState.getState().clockOffset;
      const history = await station.plant.readHistory({ site, tag: tag.id, from: to - ms, to, width: WIDTH_PX });
      return { ...history, from: to - ms, to };
    },
    refetchInterval: everyMs,
  });
  const columns = useMemo(() => data && columnsOf(data), [data]);
  const extent = columns && extentOf(columns);
  const number = (value: number) => `${written(value, null)}${tag.unit === '' ? '' : ` ${tag.unit}`}`;
  // The first is what it always meant, not a change.
  const epochs = (data?.epochs ?? []).slice(1).map(({ from }) => from);
  const said = (values: { least: number; greatest: number }) => ({ least: number(values.least), greatest: number(values.greatest) });
  return (
    <Section
      title={`${t('history.title')} (${zoneName(Date.now(), zone)})`}
      actions={
        <SegmentedControl
          aria-label={t('history.span')}
          value={span}
          onChange={(chosen) => setSpan(chosen as Span)}
          data={(Object.keys(SPANS) as Span[]).map((each) => ({ value: each, label: t(`history.${each}`) }))}
        />
      }
    >
      {error && <Refused refusal={asRefusal(error)} />}
      {columns && extent === undefined && <Empty>{t('history.none')}</Empty>}
      {data && columns && extent && (
        <>
          <HistoryChart
            columns={columns}
            from={data.from}
            to={data.to}
            epochs={epochs}
            zone={zone}
            label={t('history.extent', said(extent))}
            point={setPointed}
          />
          <p className={`${classes.said} quiet`}>
            {pointed
              ? t('history.pointed', { time: dateTimeSeconds(pointed.time, zone), mean: number(pointed.mean), ...said(pointed) })
              : t('history.extent', said(extent))}
            {epochs.length > 0 && ` · ${t('history.epochs', { count: epochs.length })}`}
          </p>
        </>
      )}
    </Section>
  );
}
