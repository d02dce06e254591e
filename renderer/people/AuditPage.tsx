// The audit as it grows: every change and every refusal at this place. Drawn a screenful at a time, however long it is.
import { Anchor, Button, UnstyledButton } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronRight } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Refusal } from '../../contract/errors.ts';
import type { AuditEntry } from '../../contract/people.ts';
import { useCommand, useMay, useStation, useStream } from '../app/hooks.ts';
import { useHere, usePlantZone } from '../app/useHere.ts';
import { Empty, Page } from '../ui/Page.tsx';
import { Refused } from '../ui/Refused.tsx';
import { SaveFile } from '../ui/SaveFile.tsx';
import { dateTimeSeconds, zoneName } from '../ui/time.ts';
import { AuditFilterBar, isNarrowed, type Narrowed, type Thing, useAuditFilter } from './AuditFilterBar.tsx';
import classes from './AuditPage.module.css';
import { shown } from './HistoryPanel.tsx';

const keyOf = (entry: AuditEntry) => `${entry.incarnation}.${entry.seq}`;

export default function AuditPage() {
  const here = useHere();
  const where = here?.site ? { site: here.site.id } : here?.organisation ? { organisation: here.organisation.id } : {};
  const zone = usePlantZone();
  const [filter, setFilter] = useAuditFilter();
  // Another place or another filter is another list.
  return <Audit key={JSON.stringify([where, filter])} where={where} filter={filter} setFilter={setFilter} zone={zone} />;
}

/** A screen that watches for weeks forgets what it can ask for again. */
const MOST_KEPT = 2_000;

type Where = { site?: string; organisation?: string };
type AuditProps = { where: Where; filter: Narrowed; setFilter(filter: Narrowed): void; zone: string };

function Audit({ where, filter, setFilter, zone }: AuditProps) {
  const { t } = useTranslation('people');
  const station = useStation();
  const may = useMay();
  const narrowed = isNarrowed(filter);
  const asked = { ...where, ...filter };
  const [entries, setEntries] = useState<AuditEntry[]>();
  const [refused, setRefused] = useState<Refusal>();
  const [oldest, setOldest] = useState<boolean>();

  const older = useCommand((before: string | undefined) => station.people.listAudit({ ...asked, ...(before && { before }), limit: 200 }), {
    done: ({ entries: page, next }) => {
      setEntries((present = []) => [...present, ...page]);
      setOldest(next === null);
    },
  });
  const verify = useCommand(() => station.people.verifyAudit({}));
  const [verdict, setVerdict] = useState<{ intact: boolean; rows: number; fault: string | null }>();
  const last = entries?.at(-1);
  const grow = (items: readonly AuditEntry[]) =>
    setEntries((before = []) => {
      const after = [...items, ...before];
      if (after.length <= MOST_KEPT) return after;
      setOldest(false);
      return after.slice(0, MOST_KEPT);
    });

  return (
    <Page
      title={t('audit.title')}
      status={narrowed ? t('audit.narrowed') : t('audit.status')}
      actions={
        <>
          <SaveFile stream="people.auditFile" input={asked} name="audit.csv" type="text/csv" label={t('audit.save')} />
          {may('platform.audit', 'platform') && (
            <Button variant="default" loading={verify.busy} onClick={() => void verify.run(undefined).then(setVerdict)}>
              {t('audit.verify')}
            </Button>
          )}
        </>
      }
    >
      <AuditFilterBar where={where} filter={filter} setFilter={setFilter} zone={zone} />
      <Refused refusal={refused ?? older.refusal ?? verify.refusal} />
      {verdict && (
        <p role="status" className={classes.verdict} data-intact={verdict.intact}>
          {verdict.intact ? t('audit.intact', { rows: verdict.rows }) : `${t('audit.broken')}: ${verdict.fault}`}
        </p>
      )}
      {narrowed ? <Ask ask={() => void older.run(undefined)} /> : <Follow where={where} grow={grow} end={setRefused} />}
      {entries?.length === 0 && <Empty>{narrowed ? t('audit.noneFound') : t('audit.none')}</Empty>}
      {entries && entries.length > 0 && <Rows entries={entries} zone={zone} narrow={(about) => setFilter({ ...filter, about })} />}
      {last && oldest !== true && (
        <Button mt="md" variant="default" loading={older.busy} onClick={() => void older.run(keyOf(last))}>
          {t('audit.olderStill')}
        </Button>
      )}
    </Page>
  );
}

/** The audit as it grows. */
function Follow({ where, grow, end }: { where: Where; grow(items: AuditEntry[]): void; end(refusal: Refusal | undefined): void }) {
  useStream('people.audit', where, { events: (items) => grow(items.map(([, entry]) => entry as AuditEntry).reverse()), end });
  return null;
}

/** Asks once for what a filter shows. */
function Ask({ ask }: { ask(): void }) {
  const latest = useRef(ask);
  useEffect(() => latest.current(), []);
  return null;
}

const ROW_PX = 36;

function Rows({ entries, zone, narrow }: { entries: AuditEntry[]; zone: string; narrow(about: Thing): void }) {
  const { t, i18n } = useTranslation('people');
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const box = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({
    count: entries.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    getItemKey: (index) => keyOf(entries[index] as AuditEntry),
  });
  const toggle = (key: string) =>
    setOpen((before) => {
      const after = new Set(before);
      if (!after.delete(key)) after.add(key);
      return after;
    });
  /** An act in words; one this page does not know yet by its name in the contract. */
  const actionWords = (action: string) => (i18n.exists(`people:action.${action}`) ? String(t(`action.${action}` as never)) : action);
  const whoWords = ({ actor, seenAs }: AuditEntry) => {
    if (actor === null) return t('audit.station');
    const name = actor.name ?? t('audit.erased');
    return seenAs === null ? name : t('audit.seenAs', { name, other: seenAs.name ?? t('audit.erased') });
  };
  const names = useMemo(
    () => [`${t('audit.time')} (${zoneName(Date.now(), zone)})`, t('audit.who'), t('audit.what'), t('audit.outcome'), t('audit.from')],
    [t, zone],
  );
  return (
    <div className={classes.table}>
      <div className={`${classes.row} ${classes.head}`} aria-hidden>
        <span />
        {names.map((name) => (
          <span key={name}>{name}</span>
        ))}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard */}
      <div ref={box} className={classes.box} tabIndex={0}>
        <ol className={classes.list} style={{ height: list.getTotalSize() }}>
          {list.getVirtualItems().map((item) => {
            const entry = entries[item.index] as AuditEntry;
            const key = keyOf(entry);
            return (
              <li
                key={item.key}
                ref={list.measureElement}
                data-index={item.index}
                className={classes.item}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <UnstyledButton
                  className={classes.row}
                  data-outcome={entry.outcome}
                  aria-expanded={open.has(key)}
                  onClick={() => toggle(key)}
                >
                  <ChevronRight size={16} strokeWidth={1.75} className={classes.arrow} data-open={open.has(key)} aria-hidden />
                  <time>{dateTimeSeconds(entry.at, zone)}</time>
                  <span className="cut">{whoWords(entry)}</span>
                  <span className="cut">{actionWords(entry.action)}</span>
                  <span className={classes.outcome}>{t(`audit.${entry.outcome}`)}</span>
                  <span className="quiet cut">{entry.from}</span>
                </UnstyledButton>
                {open.has(key) && <Changes entry={entry} narrow={narrow} />}
              </li>
            );
          })}
        </ol>
      </div>
    </div>
  );
}

function Changes({ entry, narrow }: { entry: AuditEntry; narrow(about: Thing): void }) {
  const { t } = useTranslation('people');
  return (
    <div className={classes.changes}>
      {entry.message !== null && <p>{entry.message}</p>}
      {entry.changes === null && <p className="quiet">{t('audit.erasedDetails')}</p>}
      {entry.changes?.length === 0 && <p className="quiet">{t('audit.noChanges')}</p>}
      {entry.changes && entry.changes.length > 0 && (
        <table>
          <thead>
            <tr>
              <th>{t('audit.field')}</th>
              <th>{t('audit.before')}</th>
              <th>{t('audit.after')}</th>
            </tr>
          </thead>
          <tbody>
            {entry.changes.map((change) => (
              <tr key={`${change.id} ${change.field}`}>
                <td>
                  <Anchor component="button" title={t('audit.allAbout')} onClick={() => narrow({ entity: change.entity, id: change.id })}>
                    <code>
                      {change.entity}.{change.field}
                    </code>
                  </Anchor>
                </td>
                <td className="quiet">{shown(change.before)}</td>
                <td>{shown(change.after)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
