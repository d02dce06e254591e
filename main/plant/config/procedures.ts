// Devices and tags of a site: brought in, taken out, listed.
import { type Kysely, sql } from 'kysely';
import { Refusal } from '../../../contract/errors.ts';
import type { Id } from '../../../contract/ids.ts';
import type { PlantDocument } from '../../../contract/plant.ts';
import type { Call, Procedures, Station } from '../../area.ts';
import type { Tx } from '../../store/index.ts';
import type { AnyDriver } from '../drivers.ts';
import { device, type PlantTables, tag } from '../entities.ts';
import type { Running } from '../running/index.ts';
import { checkDocument, type Issue } from './check.ts';
import { documentOf, fieldsOfTag } from './document.ts';
import { type Plan, type Present, planImport } from './plan.ts';

type Tables = PlantTables & { places: { id: string; site: string; key: string; deletedAt: number | null } };
type Db = Kysely<Tables>;

/** More than anybody mends in one go; how many there are is said all the same. */
const MOST_ISSUES = 1_000;

export function configProcedures(
  { store }: Station,
  drivers: ReadonlyMap<string, AnyDriver>,
  running: Pick<Running, 'lines'>,
): Pick<Procedures<'plant'>, 'importConfig' | 'exportConfig' | 'listDevices' | 'listTags' | 'removeDevice'> {
  const read = () => store.read as Db;

  return {
    async importConfig({ document, dryRun }, call) {
      const site = siteOf(call);
      if (dryRun)
        return told(
          planned(await presentAt(read(), site), document, () => NOT_MADE),
          false,
        );
      return store.change(call.caller.author, async (tx) => {
        const plan = planned(await presentAt(tx.db as Db, site), document, tx.id);
        await carryOut(tx, site, plan);
        tx.emit({ event: 'plant.configChanged', site });
        return told(plan, true);
      });
    },

    async exportConfig(_, call) {
      const { devices, tags, places } = await presentAt(read(), siteOf(call));
      const keyOfPlace = new Map([...places].map(([key, id]) => [id, key]));
      return { document: documentOf(devices.filter(isThere), tags.filter(isThere), keyOfPlace) };
    },

    async listDevices(_, call) {
      const site = siteOf(call);
      const rows = await read()
        .selectFrom('devices')
        .selectAll()
        .where('site', '=', site)
        .where('deletedAt', 'is', null)
        .orderBy('key')
        .execute();
      const counts = await read()
        .selectFrom('tags')
        .select(({ fn }) => ['device', fn.countAll<number>().as('count')])
        .where('site', '=', site)
        .where('deletedAt', 'is', null)
        .groupBy('device')
        .execute();
      const tagsOf = new Map(counts.map(({ device, count }) => [device, Number(count)]));
      return {
        devices: rows.map(({ id, key, name, driver, unit, place, enabled }) => ({
          id: key,
          name,
          driver,
          unit,
          place,
          enabled: enabled === 1,
          tags: tagsOf.get(id) ?? 0,
          health: healthOf(enabled === 1, running.lines.device(id)),
        })),
      };
    },

    async listTags({ device: key, search, after, limit }, call) {
      const site = siteOf(call);
      let query = read()
        .selectFrom('tags')
        .innerJoin('devices', 'devices.id', 'tags.device')
        .selectAll('tags')
        .select('devices.key as deviceKey')
        .where('tags.site', '=', site)
        .where('tags.deletedAt', 'is', null);
      if (key !== undefined) query = query.where('tags.device', '=', (await mustHaveDevice(read(), site, key)).id);
      if (after !== undefined) query = query.where('tags.key', '>', after);
      if (search) {
        const asTyped = `%${search.replace(/[\\%_]/g, '\\$&')}%`;
        // SQLite folds the letters of English alone: others are found as they were typed.
        const word = asTyped.toLowerCase();
        query = query.where(sql<boolean>`("tags"."key" like ${word} escape '\\' or lower("tags"."name") like ${word} escape '\\'
          or "tags"."name" like ${asTyped} escape '\\')`);
      }
      const rows = await query
        .orderBy('tags.key')
        .limit(limit + 1)
        .execute();
      const page = rows.slice(0, limit);
      return {
        tags: page.map((row) => {
          const { register, more, unit, scan, name } = fieldsOfTag(row);
          const { type } = register as { type?: unknown };
          const { labels } = more as { labels?: Record<string, string> };
          return {
            id: row.key,
            name,
            device: row.deviceKey,
            type: typeof type === 'string' ? type : null,
            unit,
            scan,
            labels: labels ?? null,
          };
        }),
        next: rows.length > page.length ? (page.at(-1)?.key ?? null) : null,
      };
    },

    removeDevice: (input, call) =>
      store.change(call.caller.author, async (tx) => {
        const site = siteOf(call);
        const { id } = await mustHaveDevice(tx.db as Db, site, input.device);
        const tags = await (tx.db as Db).selectFrom('tags').select('id').where('device', '=', id).where('deletedAt', 'is', null).execute();
        for (const one of tags) await tx.remove(tag, one.id);
        await tx.remove(device, id);
        tx.emit({ event: 'plant.configChanged', site });
        return {};
      }),
  };

  /** Checked and compared with what is there; nothing is written by it. */
  function planned(present: Present, document: PlantDocument, newId: () => Id): Plan {
    const issues = checkDocument(document, drivers, new Set(present.places.keys()));
    if (issues.length > 0) throw refused(issues);
    return planImport(document, present, newId);
  }
}

function healthOf(enabled: boolean, health: ReturnType<Running['lines']['device']>) {
  const said = { reason: null, lastReplyAt: null, roundTripMs: null, ...health };
  return {
    state: enabled ? (health?.state ?? ('unknown' as const)) : ('off' as const),
    reason: said.reason,
    lastReplyAt: said.lastReplyAt,
    roundTripMs: said.roundTripMs,
  };
}

/** Of a record that a trial would make. */
const NOT_MADE = '';

const told = ({ differences, unchanged }: Plan, done: boolean) => ({ done, unchanged, differences });

function refused(issues: Issue[]): Refusal {
  const [first] = issues as [Issue];
  const more = issues.length > 1 ? `, and ${issues.length - 1} more` : '';
  return new Refusal('invalid', `Nothing was changed: ${first.path} (${first.id}) ${first.message}${more}.`, {
    issues: issues.slice(0, MOST_ISSUES),
    wrong: issues.length,
  });
}

/** Where the input left the site out, the station holds one, or has to be told which. */
export function siteOf({ place }: Pick<Call, 'place'>): Id {
  if (place?.kind === 'site') return place.site;
  throw new Refusal('invalid', 'This station holds several sites: say which one by “site”.');
}

const isThere = ({ deletedAt }: { deletedAt: number | null }) => deletedAt === null;

async function presentAt(db: Db, site: Id): Promise<Present> {
  const devices = await db.selectFrom('devices').selectAll().where('site', '=', site).orderBy('key').execute();
  const tags = await db.selectFrom('tags').selectAll().where('site', '=', site).orderBy('key').execute();
  const places = await db.selectFrom('places').select(['id', 'key']).where('site', '=', site).where('deletedAt', 'is', null).execute();
  return { devices, tags, places: new Map(places.map(({ id, key }) => [key, id])) };
}

async function mustHaveDevice(db: Db, site: Id, key: string): Promise<{ id: Id }> {
  const row = await db
    .selectFrom('devices')
    .select('id')
    .where('site', '=', site)
    .where('key', '=', key)
    .where('deletedAt', 'is', null)
    .executeTakeFirst();
  if (row === undefined) throw new Refusal('notFound', `There is no device “${key}” at this site.`);
  return row;
}

async function carryOut(tx: Tx, site: Id, plan: Plan): Promise<void> {
  for (const [entity, writes] of [
    [device, plan.devices],
    [tag, plan.tags],
  ] as const)
    for (const { id, how, fields } of writes) {
      if (how === 'create') await tx.create(entity, id, `site:${site}`, { site, ...fields });
      else {
        if (how === 'restore') await tx.restore(entity, id);
        await tx.update(entity, id, fields);
      }
    }
}
