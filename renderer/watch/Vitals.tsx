// The station's pulse: the newest number, and a line of the last two minutes. What was merged on the way is said.
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStream } from '../app/hooks.ts';
import { Section } from '../ui/Page.tsx';
import { Sparkline } from './Sparkline.tsx';
import classes from './watch.module.css';

const KEPT = 120;
const KEYS = ['processor', 'memory', 'delay', 'connections', 'streams'] as const;
type Key = (typeof KEYS)[number];

const SHOWN: Record<Key, { number(value: number): string; unit: string }> = {
  processor: { number: (value) => (value * 100).toFixed(0), unit: '%' },
  memory: { number: (value) => (value / 1e6).toFixed(0), unit: 'MB' },
  delay: { number: (value) => value.toFixed(0), unit: 'ms' },
  connections: { number: (value) => value.toFixed(0), unit: '' },
  streams: { number: (value) => value.toFixed(0), unit: '' },
};

export function Vitals() {
  const { t } = useTranslation('watch');
  const series = useRef(new Map<string, number[]>());
  const [, redraw] = useState(0);
  const [merged, setMerged] = useState(0);
  useStream(
    'watch.vitals',
    {},
    {
      samples({ rows, merged: more }) {
        for (const [key, , last, , max] of rows) {
          // Of merged values the largest is drawn: a spike is never averaged away.
          const values = [...(series.current.get(key) ?? []), key === 'delay' ? max : last].slice(-KEPT);
          series.current.set(key, values);
        }
        if (more > 0) setMerged((before) => before + more);
        redraw((n) => n + 1);
      },
    },
  );
  return (
    <Section
      title={t('vitals.title')}
      actions={<span className="quiet">{merged > 0 ? t('vitals.merged', { count: merged }) : t('vitals.hint')}</span>}
    >
      {series.current.size === 0 ? (
        <p className="quiet">{t('vitals.waiting')}</p>
      ) : (
        <div className={classes.vitals}>
          {KEYS.map((key) => {
            const values = series.current.get(key) ?? [];
            const last = values.at(-1);
            return (
              <div key={key} className={classes.vital}>
                <span className="quiet">{t(`vitals.${key}`)}</span>
                <span className={classes.number}>
                  {last === undefined ? '–' : SHOWN[key].number(last)} <small>{SHOWN[key].unit}</small>
                </span>
                <Sparkline values={values} capacity={KEPT} />
              </div>
            );
          })}
        </div>
      )}
    </Section>
  );
}
