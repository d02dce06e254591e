// Many people at once, from a table: tried first, then carried out whole or not at all.
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import { grantable, ROLE_LEVEL, ROLES, type Role, type TreePlace } from '../../contract/permissions.ts';
import * as v from '../../contract/values.ts';
import type { Procedures, Station } from '../area.ts';
import type { Caller } from '../caller.ts';
import type { Tx } from '../store/index.ts';
import { parseCsv } from './csv.ts';
import type { PeopleTables } from './entities.ts';
import { LINK_MS, type MailedLinks } from './mailedLinks.ts';
import { createPerson, giveRole, personByEmail } from './roles.ts';
import type { Sessions } from './sessions.ts';

const MOST_LINES = 500;
const COLUMNS = ['name', 'email', 'role', 'site'] as const;
type Line = Record<(typeof COLUMNS)[number], string>;
type Told = {
  line: number;
  email: string;
  outcome: 'added' | 'known' | 'refused';
  message: string | null;
  link: string | null;
  mailed: boolean;
  person: Id | null;
};

/** 'Site manager', 'site-manager' and 'siteManager' are the same role. */
const plainly = (word: string) => word.toLowerCase().replace(/[\s_-]/g, '');
const ROLE_NAMED = new Map(ROLES.map((role) => [plainly(role), role]));

/** Thrown to leave nothing behind. */
class OnlyTried extends Error {
  readonly lines: Told[];

  constructor(lines: Told[]) {
    super('only tried');
    this.lines = lines;
  }
}

export function importProcedures(
  { store }: Station,
  sessions: Sessions,
  mailedLinks: MailedLinks,
): Pick<Procedures<'people'>, 'importPeople'> {
  return {
    async importPeople(input, call) {
      const { caller } = call;
      const lines = linesOf(input.csv);
      const page = input.byMail && (await mailedLinks.pageOf(call.origin));
      try {
        const told = await store.change(caller.author, async (tx) => {
          const told = await addAll(tx, caller, input.organisation, lines, page !== undefined);
          if (input.dryRun || told.some(({ outcome }) => outcome === 'refused')) throw new OnlyTried(told);
          return told;
        });
        const invited = told.flatMap(({ mailed, person }) => (mailed && person !== null ? [person] : []));
        const mail = page === undefined || invited.length === 0 ? null : await mailedLinks.send(call, 'organisation.people', page, invited);
        return { done: true, mail, lines: told };
      } catch (error) {
        if (!(error instanceof OnlyTried)) throw error;
        // A link that was only tried opens nothing.
        return { done: false, mail: null, lines: error.lines.map((line) => ({ ...line, link: null })) };
      }
    },
  };

  async function addAll(tx: Tx, caller: Caller, organisation: Id, lines: Line[], byMail: boolean): Promise<Told[]> {
    const sites = await (tx.db as Kysely<PeopleTables>)
      .selectFrom('sites')
      .selectAll()
      .where('organisation', '=', organisation)
      .where('deletedAt', 'is', null)
      .execute();
    const placeNamed = (key: string): TreePlace | undefined => {
      if (key === '') return { kind: 'organisation', organisation };
      const site = sites.find((one) => one.key === key || one.name === key);
      if (site === undefined) return undefined;
      const { operatorsControl, workAllowed } = site;
      return { kind: 'site', organisation, site: site.id, operatorsControl: operatorsControl === 1, workAllowed: workAllowed === 1 };
    };
    const told: Told[] = [];
    for (const [index, line] of lines.entries()) {
      const at = { line: index + 2, email: line.email };
      const said = await add(tx, caller, line, placeNamed(line.site), byMail).catch((error: unknown) => {
        if (error instanceof Refusal)
          return { outcome: 'refused' as const, message: error.message, link: null, mailed: false, person: null };
        throw error;
      });
      told.push({ ...at, ...said });
    }
    return told;
  }

  async function add(
    tx: Tx,
    caller: Caller,
    line: Line,
    place: TreePlace | undefined,
    byMail: boolean,
  ): Promise<Omit<Told, 'line' | 'email'>> {
    const { name, email } = who(line);
    const role = ROLE_NAMED.get(plainly(line.role));
    if (role === undefined) throw new Refusal('invalid', `“${line.role}” is no role: ${ROLES.slice(0, 4).join(', ')}.`);
    if (place === undefined) throw new Refusal('invalid', `There is no site “${line.site}” in this organisation.`);
    if (!grantable(caller.grants, place).includes(role)) throw new Refusal('invalid', notHere(role, place));
    const known = await personByEmail(tx.db as Kysely<PeopleTables>, email);
    const person = known?.id ?? (await createPerson(tx, { name, email }));
    await giveRole(tx, person, role, place, caller.person);
    if (known) return { outcome: 'known', message: null, link: null, mailed: false, person };
    const link = byMail ? null : (await sessions.makeLink(tx, person, LINK_MS)).secret;
    return { outcome: 'added', message: null, link, mailed: byMail, person };
  }
}

function notHere(role: Role, place: TreePlace): string {
  if (ROLE_LEVEL[role] === place.kind) return `You may not give the role ${role}.`;
  return ROLE_LEVEL[role] === 'site' ? `The role ${role} needs a site.` : `The role ${role} is not given at a place of this kind.`;
}

function who(line: Line): { name: string; email: string } {
  const checked = z.object({ name: v.name, email: v.email }).safeParse(line);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new Refusal('invalid', `The ${String(issue?.path[0])} ${issue?.message}.`);
}

function linesOf(csv: string): Line[] {
  const rows = parseCsv(csv);
  if (rows === undefined) throw new Refusal('invalid', 'A quotation mark is opened and never closed.');
  const [head = [], ...body] = rows;
  const columns = head.map((cell) => plainly(cell.trim()));
  const missing = COLUMNS.filter((column) => column !== 'site' && !columns.includes(column));
  if (missing.length > 0) throw new Refusal('invalid', `The first line must name the columns; missing: ${missing.join(', ')}.`);
  const filled = body.filter((row) => row.some((cell) => cell.trim() !== ''));
  if (filled.length === 0) throw new Refusal('invalid', 'There is nobody in it.');
  if (filled.length > MOST_LINES) throw new Refusal('tooLarge', `At most ${MOST_LINES} people at once; these are ${filled.length}.`);
  return filled.map((row) => Object.fromEntries(COLUMNS.map((name) => [name, (row[columns.indexOf(name)] ?? '').trim()])) as Line);
}
