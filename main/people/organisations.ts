// Organisations and their sites: made, renamed, taken out of use.

import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import { freeKey, type Id, keyFromName } from '../../contract/ids.ts';
import type { Procedures, Station } from '../area.ts';
import type { Tx } from '../store/index.ts';
import { organisation, type PeopleTables, site } from './entities.ts';

const inside = (tx: Tx) => tx.db as Kysely<PeopleTables>;

/** The wanted key if it is free; a refusal if somebody chose a taken one; the next free one if it came from a name. */
export function pickKey(asked: string | undefined, name: string, taken: ReadonlySet<string>): string {
  if (asked === undefined) return freeKey(keyFromName(name), taken);
  if (taken.has(asked)) throw new Refusal('conflict', `The key “${asked}” is used already. Choose another one.`, { key: asked });
  return asked;
}

export async function createOrganisation(tx: Tx, input: { name: string; key?: string | undefined }): Promise<Id> {
  const rows = await inside(tx).selectFrom('organisations').select('key').where('deletedAt', 'is', null).execute();
  const id = tx.id();
  await tx.create(organisation, id, 'platform', {
    name: input.name,
    key: pickKey(input.key, input.name, new Set(rows.map((row) => row.key))),
  });
  tx.emit({ event: 'people.organisationChanged', organisation: id });
  return id;
}

export async function createSite(
  tx: Tx,
  input: { organisation: Id; name: string; key?: string | undefined; timeZone?: string | undefined },
): Promise<Id> {
  const rows = await inside(tx)
    .selectFrom('sites')
    .select('key')
    .where('organisation', '=', input.organisation)
    .where('deletedAt', 'is', null)
    .execute();
  const id = tx.id();
  await tx.create(site, id, `site:${id}`, {
    organisation: input.organisation,
    name: input.name,
    key: pickKey(input.key, input.name, new Set(rows.map((row) => row.key))),
    timeZone: input.timeZone ?? 'UTC',
  });
  tx.emit({ event: 'people.siteChanged', site: id });
  return id;
}

export function organisationProcedures({
  store,
}: Station): Pick<
  Procedures<'people'>,
  'createOrganisation' | 'updateOrganisation' | 'archiveOrganisation' | 'createSite' | 'updateSite' | 'archiveSite'
> {
  return {
    createOrganisation: (input, { caller }) =>
      store.change(caller.author, async (tx) => ({ organisation: await createOrganisation(tx, input) })),

    updateOrganisation: (input, { caller }) =>
      store.change(caller.author, async (tx) => {
        const { organisation: id, opId: _, ...values } = input;
        await tx.update(organisation, id, values);
        tx.emit({ event: 'people.organisationChanged', organisation: input.organisation });
        return {};
      }),

    archiveOrganisation: (input, { caller }) =>
      store.change(caller.author, async (tx) => {
        await tx.update(organisation, input.organisation, { archivedAt: input.archived ? tx.now() : null });
        tx.emit({ event: 'people.organisationChanged', organisation: input.organisation });
        return {};
      }),

    createSite: (input, { caller }) => store.change(caller.author, async (tx) => ({ site: await createSite(tx, input) })),

    updateSite: (input, { caller }) =>
      store.change(caller.author, async (tx) => {
        const { site: id, opId: _, ...values } = input;
        await tx.update(site, id, values);
        tx.emit({ event: 'people.siteChanged', site: id });
        return {};
      }),

    archiveSite: (input, { caller }) =>
      store.change(caller.author, async (tx) => {
        await tx.update(site, input.site, { archivedAt: input.archived ? tx.now() : null });
        tx.emit({ event: 'people.siteChanged', site: input.site });
        return {};
      }),
  };
}
