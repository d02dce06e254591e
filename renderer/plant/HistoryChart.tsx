// The line of a tag: the mean, in the band from least to greatest. In the plant's time; gaps are gaps; where values came to mean
// something else a line stands.
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { clock, date } from '../ui/time.ts';
import type { Columns } from './chart.ts';
import classes from './Devices.module.css';

export type Pointed = { time: number; least: number; greatest: number; mean: number };

type Props = {
  columns: Columns;
  from: number;
  to: number;
  /** From where on values mean something else. */
  epochs: readonly number[];
  zone: string;
  /** What it shows, in words. */
  label: string;
  point(at: Pointed | undefined): void;
};

const HEIGHT_PX = 280;
const LONG_MS = 2 * 86_400_000;

export function HistoryChart({ label, ...props }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const scheme = useComputedColorScheme();
  const { columns, zone } = props;

  // biome-ignore lint/correctness/useExhaustiveDependencies: colours and zone are read once; another scheme or zone is another chart
  useEffect(() => {
    const element = box.current as HTMLDivElement;
    const made = new uPlot(optionsOf(element, latest), latest.current.columns, element);
    chart.current = made;
    const size = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    size.observe(element);
    return () => {
      size.disconnect();
      made.destroy();
      chart.current = undefined;
    };
  }, [scheme, zone]);
  useEffect(() => chart.current?.setData(columns), [columns]);
  return <div ref={box} className={classes.chart} role="img" aria-label={label} />;
}

function optionsOf(element: HTMLElement, latest: { readonly current: Omit<Props, 'label'> }): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const { zone } = latest.current;
  const axis: uPlot.Axis = {
    stroke: colour('--ink-3'),
    font: `12px ${colour('--text-face')}`,
    grid: { stroke: colour('--line-colour'), width: 1 },
    ticks: { stroke: colour('--line-colour'), width: 1 },
  };
  // Drawn as well as filled: a spike of one pixel is seen.
  const edge: uPlot.Series = { stroke: colour('--line-strong'), width: 1, points: { show: false } };
  const long = () => latest.current.to - latest.current.from > LONG_MS;
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    ms: 1,
    tzDate: (time) => uPlot.tzDate(new Date(time), zone),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { x: { time: true, range: () => [latest.current.from, latest.current.to] } },
    series: [{}, edge, edge, { stroke: colour('--ink'), width: 1.5 }],
    bands: [{ series: [2, 1], fill: colour('--line-colour') }],
    axes: [
      { ...axis, values: (_, times) => times.map((time) => (long() ? date(time, zone).slice(5) : clock(time, zone))) },
      { ...axis, size: 64 },
    ],
    hooks: {
      drawAxes: [(made) => drawEpochs(made, latest.current.epochs, colour('--accent'))],
      setCursor: [(made) => latest.current.point(pointedAt(made))],
    },
  };
}

function drawEpochs(made: uPlot, epochs: readonly number[], colour: string): void {
  const { ctx, bbox } = made;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const time of epochs) {
    const x = Math.round(made.valToPos(time, 'x', true));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

function pointedAt({ cursor: { idx }, data }: uPlot): Pointed | undefined {
  if (idx == null) return undefined;
  const [time, least, greatest, mean] = data.map((column) => column[idx]);
  if (time == null || least == null || greatest == null || mean == null) return undefined;
  return { time, least, greatest, mean };
}
