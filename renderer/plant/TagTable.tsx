// Tags with what they say now: of one device, or all of a site that hold a word. The values of those on the screen are followed, no others.
import { UnstyledButton } from '@mantine/core';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CurrentValue, ListedTag } from '../../contract/plant.ts';
import { asRefusal } from '../app/calls.ts';
import { useLive, useStation } from '../app/hooks.ts';
import { Empty } from '../ui/Page.tsx';
import { Refused } from '../ui/Refused.tsx';
import { Age } from './Age.tsx';
import classes from './Devices.module.css';
import { LOOKS, Quality } from './Quality.tsx';
import { TagPanel } from './TagPanel.tsx';
import { written } from './trust.ts';
import { useTrust } from './useTrust.ts';
import { VirtualRows } from './VirtualRows.tsx';

/** As many as the station gives at once; beyond that one searches. */
const MOST = 20_000;

export function TagTable({ site, device, search }: { site: string; device?: string; search: string }) {
  const { t } = useTranslation('plant');
  const station = useStation();
  const [open, setOpen] = useState<ListedTag>();
  const { data, error } = useQuery({
    queryKey: ['plant.listTags', site, device, search],
    queryFn: () => station.plant.listTags({ site, limit: MOST, ...(device !== undefined && { device }), ...(search !== '' && { search }) }),
    placeholderData: keepPreviousData,
  });
  if (error) return <Refused refusal={asRefusal(error)} />;
  if (data === undefined) return null;
  if (data.tags.length === 0) return <Empty>{t(search === '' ? 'tag.none' : 'tag.noneFound')}</Empty>;
  return (
    <>
      {data.next !== null && <p className="quiet">{t('tag.more', { count: MOST })}</p>}
      <VirtualRows
        rows={data.tags}
        keyOf={(tag) => tag.id}
        label={t('tag.list')}
        head={
          <div className={classes.tag}>
            <span>{t('tag.name')}</span>
            <span className={classes.valueHead}>{t('tag.value')}</span>
            <span>{t('tag.unit')}</span>
            <span>{t('tag.age')}</span>
            <span>{t('tag.trust')}</span>
          </div>
        }
      >
        {(tags) => <Tags site={site} tags={tags} open={setOpen} />}
      </VirtualRows>
      {open && <TagPanel site={site} tag={open} close={() => setOpen(undefined)} />}
    </>
  );
}

/** A block of rows and the stream of their values. */
function Tags({ site, tags, open }: { site: string; tags: readonly ListedTag[]; open(tag: ListedTag): void }) {
  const queries = useQueryClient();
  const { values, refusal } = useLive('plant.values', { site, tags: tags.map(({ id }) => id) });
  // One of them was taken out meanwhile: the list is no longer right.
  const gone = refusal?.code === 'notFound';
  useEffect(() => {
    if (gone) void queries.invalidateQueries({ queryKey: ['plant.listTags'] });
  }, [gone, queries]);
  return tags.map((tag) => (
    <li key={tag.id}>
      <Row tag={tag} value={values?.get(tag.id)} interrupted={refusal !== undefined} open={() => open(tag)} />
    </li>
  ));
}

function Row({ tag, value, interrupted, open }: { tag: ListedTag; value: CurrentValue | undefined; interrupted: boolean; open(): void }) {
  const trust = useTrust(value, tag.scan, interrupted);
  const text = written(value?.value, tag.labels);
  return (
    <UnstyledButton className={classes.tag} onClick={open} data-quality={trust.quality}>
      <span className="cut">
        {tag.name} {tag.name !== tag.id && <span className="quiet">{tag.id}</span>}
      </span>
      <span className={`${classes.value} cut`} data-look={LOOKS[trust.quality]} title={text}>
        {text}
      </span>
      <span className="quiet cut">{tag.unit}</span>
      <Age time={value?.value === null ? null : value?.time} />
      <Quality trust={trust} />
    </UnstyledButton>
  );
}
