// A site as its manager keeps it: name, time zone, rules, and the tree of buildings and systems.
import { Button, Switch, TextInput } from '@mantine/core';
import { History } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { HOURS } from '../../contract/hours.ts';
import type { SiteOfMe } from '../app/address.ts';
import { useCanAct, useCommand, useStation } from '../app/hooks.ts';
import { useSite } from '../app/useHere.ts';
import { Page, Section } from '../ui/Page.tsx';
import { Refused } from '../ui/Refused.tsx';
import { TimeZoneSelect } from '../ui/TimeZoneSelect.tsx';
import { HistoryPanel, useHistoryPanel } from './HistoryPanel.tsx';
import classes from './SitePage.module.css';
import { Tree } from './Tree.tsx';

export default function SitePage() {
  const { t } = useTranslation(['people', 'app']);
  const site = useSite();
  const history = useHistoryPanel((state) => state.show);
  if (site === undefined) return null;
  return (
    <Page
      title={site.name}
      status={site.timeZone}
      actions={
        <Button
          variant="default"
          leftSection={<History size={16} strokeWidth={1.75} />}
          onClick={() => history({ entity: 'site', id: site.id, name: site.name })}
        >
          {t('app:common.history')}
        </Button>
      }
    >
      <div className={classes.columns}>
        <Tree site={site} />
        <div>
          <Rules key={site.id} site={site} />
          <Naming key={`${site.id} ${site.name} ${site.timeZone}`} site={site} />
        </div>
      </div>
      <HistoryPanel />
    </Page>
  );
}

function Rules({ site }: { site: SiteOfMe }) {
  const { t } = useTranslation('people');
  const station = useStation();
  const canAct = useCanAct();
  const update = useCommand((rules: { operatorsControl?: boolean; workAllowed?: boolean; quietHours?: string | null }) =>
    station.people.updateSite({ site: site.id, ...rules }),
  );
  return (
    <Section title={t('site.rules')}>
      <div className={classes.switches}>
        <Switch
          label={t('site.operatorsControl')}
          description={t('site.operatorsControlHint')}
          checked={site.operatorsControl}
          disabled={update.busy || !canAct}
          onChange={(event) => void update.run({ operatorsControl: event.currentTarget.checked })}
        />
        <Switch
          label={t('site.workAllowed')}
          description={t('site.workAllowedHint')}
          checked={site.workAllowed}
          disabled={update.busy || !canAct}
          onChange={(event) => void update.run({ workAllowed: event.currentTarget.checked })}
        />
        <Switch
          label={t('site.quiet')}
          description={t('site.quietHint')}
          checked={site.quietHours !== null}
          disabled={update.busy || !canAct}
          onChange={(event) => void update.run({ quietHours: event.currentTarget.checked ? USUAL_NIGHT : null })}
        />
        {site.quietHours !== null && (
          <QuietHours
            key={site.quietHours}
            hours={site.quietHours}
            set={(quietHours) => void update.run({ quietHours })}
            disabled={!canAct}
          />
        )}
      </div>
      <Refused refusal={update.refusal} />
    </Section>
  );
}

const USUAL_NIGHT = '22:00-06:00';

/** Sent when a field is left, not while it is typed. */
function QuietHours({ hours, set, disabled }: { hours: string; set(hours: string): void; disabled: boolean }) {
  const { t } = useTranslation('people');
  const [from, setFrom] = useState(hours.slice(0, 5));
  const [to, setTo] = useState(hours.slice(6));
  const asked = `${from}-${to}`;
  const send = () => {
    if (asked !== hours && HOURS.test(asked)) set(asked);
  };
  return (
    <div className={classes.hours}>
      <TextInput
        type="time"
        disabled={disabled}
        label={t('site.quietFrom')}
        value={from}
        onChange={(event) => setFrom(event.currentTarget.value)}
        onBlur={send}
      />
      <TextInput type="time" label={t('site.quietTo')} value={to} onChange={(event) => setTo(event.currentTarget.value)} onBlur={send} />
    </div>
  );
}

function Naming({ site }: { site: SiteOfMe }) {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const [name, setName] = useState(site.name);
  const [timeZone, setTimeZone] = useState(site.timeZone);
  const canAct = useCanAct();
  const update = useCommand(() => station.people.updateSite({ site: site.id, name, timeZone }));
  const unchanged = name === site.name && timeZone === site.timeZone;
  function submit(event: FormEvent) {
    event.preventDefault();
    void update.run(undefined);
  }
  return (
    <Section title={t('site.title')}>
      <form onSubmit={submit} className={classes.form}>
        <TextInput
          label={t('organisations.name')}
          required
          disabled={!canAct}
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TimeZoneSelect label={t('organisations.timeZone')} value={timeZone} onChange={setTimeZone} disabled={!canAct} />
        <Refused refusal={update.refusal} />
        {canAct && (
          <Button type="submit" disabled={unchanged} loading={update.busy}>
            {t('app:common.save')}
          </Button>
        )}
      </form>
    </Section>
  );
}
