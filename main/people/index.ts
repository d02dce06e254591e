// people: accounts, organisations, sites and their tree, roles, sessions, audit. Every other area asks this one who may.

import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import type { Area, Station } from '../area.ts';
import type { Entity } from '../store/entities.ts';
import { station as itself } from '../store/index.ts';
import { auditProcedures, auditStream } from './audit.ts';
import { auditFile } from './auditFile.ts';
import { type Authority, openDirectory } from './directory.ts';
import type { PeopleTables } from './entities.ts';
import { importProcedures } from './importPeople.ts';
import { keyProcedures } from './keys.ts';
import { openMailedLinks } from './mailedLinks.ts';
import { meStream, ownProcedures } from './me.ts';
import { mergeProcedures } from './merge.ts';
import { methodProcedures } from './methods/index.ts';
import { type OrganisationExport, openExport } from './organisationExport.ts';
import { type OrganisationImport, openImport } from './organisationImport.ts';
import { organisationProcedures } from './organisations.ts';
import { placeProcedures, placesStream } from './places.ts';
import { personByEmail, roleProcedures } from './roles.ts';
import { openSecondFactor } from './secondFactor.ts';
import { openSessions } from './sessions.ts';
import { type FirstStart, openFirstStart } from './setup.ts';
import { teamProcedures } from './teams.ts';
import { undoProcedures } from './undo.ts';
import { openViews } from './views.ts';

export type { Authority, SessionFacts } from './directory.ts';
export { entities } from './entities.ts';
export type { Written } from './organisationExport.ts';
export type { Brought } from './organisationImport.ts';
export { examine, type Summary } from './organisationRead.ts';
export { weakness } from './passphrase.ts';
export type { SetUp } from './setup.ts';

export type People = Area<'people'> & {
  authority: Authority;
  firstStart: Omit<FirstStart, 'procedures'>;
  /** A one-time link for somebody at the station's own console. Gives the secret; the host makes an address of it. */
  consoleLink(email: string | undefined, lifetimeMs: number): Promise<string>;
  /** A whole organisation into a file, and out of one. */
  organisationFile: Pick<OrganisationExport, 'toFile'> & OrganisationImport;
};

/** `shared` are the entities of all areas: a permission may be needed at any of their records. */
export function open(station: Station, shared: readonly Entity[]): People {
  const { store } = station;
  const directory = openDirectory(station, shared);
  const secondFactor = openSecondFactor(station);
  const sessions = openSessions(station, secondFactor);
  const mailedLinks = openMailedLinks(station, sessions);
  const views = openViews(station, directory, sessions);
  const { procedures: setUp, ...firstStart } = openFirstStart(station, sessions);
  const { source, toFile, stop } = openExport(station, shared);

  return {
    authority: directory,
    firstStart,
    organisationFile: { toFile, ...openImport(station, shared) },
    async consoleLink(email, lifetimeMs) {
      const db = store.read as Kysely<PeopleTables>;
      const person = email === undefined ? await firstAdministrator(db) : await personByEmail(db, email);
      if (person === undefined) throw new Refusal('notFound', 'There is no such person at this station.');
      return store.change({ ...itself('people.consoleLink'), from: 'console' }, async (tx) => {
        tx.note(null, [{ entity: 'person', id: person.id, field: 'signInLink', before: null, after: tx.now() + lifetimeMs }]);
        return (await sessions.makeLink(tx, person.id, lifetimeMs, { replacesPhone: true })).secret;
      });
    },
    procedures: {
      ...setUp,
      ...sessions.procedures,
      ...methodProcedures(station, sessions, secondFactor),
      ...secondFactor.procedures,
      ...ownProcedures(station, directory),
      ...organisationProcedures(station),
      ...placeProcedures(station),
      ...roleProcedures(station, sessions, secondFactor, mailedLinks),
      ...teamProcedures(station, directory),
      ...mergeProcedures(station, sessions, secondFactor),
      ...importProcedures(station, sessions, mailedLinks),
      ...mailedLinks.procedures,
      ...keyProcedures(station, sessions, directory),
      ...auditProcedures(station),
      ...views.procedures,
      ...undoProcedures(station, directory),
    },
    streams: {
      me: (_, { caller }) => meStream(station, directory, caller),
      places: (input) => placesStream(station, input.site),
      audit: (input, { place }) => auditStream(station, input, place),
      auditFile: (input) => auditFile(station, input),
      organisationFile: source,
    },
    health: async () => [],
    async stop() {
      views.stop();
      await stop();
    },
  };
}

const firstAdministrator = (db: Kysely<PeopleTables>): Promise<{ id: Id } | undefined> =>
  db
    .selectFrom('grants')
    .innerJoin('people', 'people.id', 'grants.person')
    .select('people.id')
    .where('grants.role', '=', 'platformAdmin')
    .where('grants.deletedAt', 'is', null)
    .where('people.disabledAt', 'is', null)
    .orderBy('grants.id')
    .executeTakeFirst();
