// What of the audit is shown: whose, about what, from when to when, refusals alone. It stands in the address, so that a link shows the same.
import { Button, Checkbox, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useLocation, useNavigate } from '@tanstack/react-router';
import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { KEY, UUID } from '../../contract/ids.ts';
import type { AuditFilter } from '../../contract/people.ts';
import { useMay, useStation } from '../app/hooks.ts';
import { fieldOf, momentOf, zoneName } from '../ui/time.ts';
import classes from './AuditPage.module.css';

export type Thing = NonNullable<AuditFilter['about']>;
export type Narrowed = { person?: string; from?: number; to?: number; outcome?: 'refused'; about?: Thing };

export const isNarrowed = (filter: Narrowed): boolean => Object.keys(filter).length > 0;

/** Whatever an address may hold: what cannot be meant is left out. */
function filterIn(search: Record<string, unknown>): Narrowed {
  const { person, from, to, outcome, about } = search;
  return {
    ...(typeof person === 'string' && UUID.test(person) && { person }),
    ...(Number.isSafeInteger(from) && { from: from as number }),
    ...(Number.isSafeInteger(to) && { to: to as number }),
    ...(outcome === 'refused' && { outcome }),
    ...(isThing(about) && { about: { entity: about.entity, id: about.id } }),
  };
}

const isThing = (given: unknown): given is Thing =>
  typeof given === 'object' &&
  given !== null &&
  KEY.test(String((given as Thing).entity)) &&
  typeof (given as Thing).id === 'string' &&
  (given as Thing).id.length <= 200;

export function useAuditFilter(): [Narrowed, (filter: Narrowed) => void] {
  const { search } = useLocation();
  const navigate = useNavigate();
  const set = (filter: Narrowed) => void navigate({ to: '.', search: filter as never, replace: true });
  return [filterIn(search as Record<string, unknown>), set];
}

/** As many options as the plant has people would weigh on the page. */
const HIDDEN_UNTIL_OPENED = { keepMounted: false };

type BarProps = { where: { site?: string; organisation?: string }; filter: Narrowed; setFilter(filter: Narrowed): void; zone: string };

export function AuditFilterBar({ where, filter, setFilter, zone }: BarProps) {
  const { t, i18n } = useTranslation('people');
  const station = useStation();
  const may = useMay();
  const { site, organisation } = where;
  const mayList = site ? may('site.people', { site }) : organisation !== undefined && may('organisation.people', { organisation });
  const { data } = useQuery({
    queryKey: ['people.list', site ?? organisation],
    queryFn: () => (site ? station.people.listSitePeople({ site }) : station.people.listPeople({ organisation: organisation as string })),
    enabled: mayList,
  });
  const people = (data?.people ?? []).map(({ id, name, email }) => ({ value: id, label: email ? `${name} · ${email}` : name }));
  const change = (part: { [K in keyof Narrowed]: Narrowed[K] | undefined }) =>
    setFilter(Object.fromEntries(Object.entries({ ...filter, ...part }).filter(([, value]) => value !== undefined)));
  const zoned = { zone: zoneName(Date.now(), zone) };
  const field = (name: 'from' | 'to', label: string) => (
    <TextInput
      // Uncontrolled: half a date is nobody’s wish yet.
      key={`${name} ${zone}`}
      type="datetime-local"
      label={label}
      className={classes.moment}
      defaultValue={filter[name] === undefined ? '' : fieldOf(filter[name], zone)}
      onBlur={({ currentTarget: { value } }) => {
        const moment = momentOf(value, zone);
        if (moment !== filter[name]) change({ [name]: moment });
      }}
      onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
    />
  );
  return (
    <search className={classes.filter} aria-label={t('audit.filter')}>
      {mayList && (
        <Select
          label={t('audit.person')}
          placeholder={t('audit.anybody')}
          nothingFoundMessage={t('audit.noPerson')}
          data={people}
          searchable
          clearable
          comboboxProps={HIDDEN_UNTIL_OPENED}
          clearButtonProps={{ 'aria-label': t('audit.anybody') }}
          className={classes.who}
          value={filter.person ?? null}
          onChange={(person) => change({ person: person ?? undefined })}
        />
      )}
      {field('from', t('audit.since', zoned))}
      {field('to', t('audit.until', zoned))}
      <Checkbox
        className={classes.only}
        label={t('audit.onlyRefused')}
        checked={filter.outcome === 'refused'}
        onChange={({ currentTarget: { checked } }) => change({ outcome: checked ? 'refused' : undefined })}
      />
      {filter.about && (
        <Button variant="light" rightSection={<X size={16} strokeWidth={1.75} />} onClick={() => change({ about: undefined })}>
          {t('audit.only', {
            thing: i18n.exists(`people:thing.${filter.about.entity}`) ? t(`thing.${filter.about.entity}` as never) : filter.about.entity,
          })}
        </Button>
      )}
      {isNarrowed(filter) && (
        <Button variant="default" onClick={() => setFilter({})}>
          {t('audit.clear')}
        </Button>
      )}
    </search>
  );
}
