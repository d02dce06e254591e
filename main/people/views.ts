// Seeing the station as somebody else does: a short session of the administrator beside their own. The router carries nothing out
// for it; here it is opened, ended by whatever ends it, and both are written down.
import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import type { Procedures, Station } from '../area.ts';
import type { Seen } from '../caller.ts';
import type { Author, Tx } from '../store/index.ts';
import type { Directory } from './directory.ts';
import type { PeopleTables } from './entities.ts';
import type { Sessions } from './sessions.ts';
import { digestOf, newToken } from './tokens.ts';

/** However it is used. */
export const VIEW_MS = 30 * 60_000;

export type Views = {
  procedures: Pick<Procedures<'people'>, 'seeAs' | 'endSeeAs'>;
  stop(): Promise<void>;
};

type View = { id: Id; person: Id; seenAs: Id; seenIn: Id | null; expiresAt: number };

export function openViews({ store, clock, random, log }: Station, directory: Directory, sessions: Sessions): Views {
  const inside = (tx: Tx) => tx.db as Kysely<PeopleTables>;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  /** Known once somebody has looked; there may be some of before the start. */
  let any = true;
  let looking: Promise<void> | undefined;
  let again = false;

  /** Ends those that have no right to be any more, one look at a time. */
  function look(): void {
    again = true;
    looking ??= (async () => {
      while (again && !stopped) {
        again = false;
        await endOver();
      }
    })()
      .catch((error: unknown) => log.error({ error, area: 'people', event: 'views' }, 'a view that is over could not be ended'))
      .finally(() => {
        looking = undefined;
      });
  }

  async function endOver(): Promise<void> {
    const rows = (await (store.read as Kysely<PeopleTables>)
      .selectFrom('session')
      .select(['id', 'person', 'seenAs', 'seenIn', 'expiresAt'])
      .where('seenAs', 'is not', null)
      .execute()) as View[];
    const left: View[] = [];
    for (const view of rows.sort((a, b) => a.expiresAt - b.expiresAt)) {
      const why = await whyOver(view);
      if (why === undefined) left.push(view);
      else await endBecause(view, why);
    }
    any = left.length > 0;
    clearTimeout(timer);
    const [next] = left;
    if (next === undefined || stopped) return;
    timer = setTimeout(look, Math.max(1_000, next.expiresAt - clock()));
    timer.unref();
  }

  async function whyOver({ person, seenAs, seenIn, expiresAt }: View): Promise<string | undefined> {
    if (expiresAt <= clock()) return 'Its time was over.';
    const verdict = await directory.viewOf(person, { person: seenAs, organisation: seenIn });
    return verdict instanceof Refusal ? verdict.message : undefined;
  }

  async function endBecause({ id, person, seenAs, seenIn }: View, why: string): Promise<void> {
    const by: Author = { person, session: id, action: 'people.endSeeAs', from: 'station', organisation: seenIn, site: null, seenAs };
    await store.change(by, async (tx) => {
      if ((await sessions.end(tx, { session: id })) > 0) tx.note(why);
    });
  }

  const deaf = store.events.subscribe(({ event }) => {
    if (any && ENDS.has(event)) look();
  });
  look();

  return {
    procedures: {
      async seeAs(input, { caller, origin }) {
        const seen: Seen = { person: input.person, organisation: input.organisation ?? null };
        const verdict = await directory.viewOf(caller.person, seen);
        if (verdict instanceof Refusal) throw verdict;
        const answer = await store.change({ ...caller.author, seenAs: seen.person }, async (tx) => {
          const own = await inside(tx).selectFrom('session').select('expiresAt').where('id', '=', caller.session).executeTakeFirst();
          if (own === undefined) throw new Refusal('unauthenticated', 'Please sign in.');
          // One at a time: two tabs that share a cookie must not show each other's.
          await sessions.end(tx, { parent: caller.session });
          const token = newToken(random);
          const until = Math.min(tx.now() + VIEW_MS, own.expiresAt);
          await inside(tx)
            .insertInto('session')
            .values({
              id: tx.id(),
              tokenDigest: digestOf(token),
              person: caller.person,
              createdAt: tx.now(),
              seenAt: tx.now(),
              expiresAt: until,
              source: origin.from,
              agent: origin.agent.slice(0, 200),
              confirmedAt: 0,
              seenAs: seen.person,
              seenIn: seen.organisation,
              parent: caller.session,
            })
            .execute();
          tx.note(null, [{ entity: 'person', id: seen.person, field: 'seenBy', before: null, after: caller.person }]);
          return { token, until };
        });
        any = true;
        look();
        return answer;
      },

      async endSeeAs(_, { caller }) {
        const { seenBy } = caller;
        if (seenBy === undefined) throw new Refusal('conflict', 'You see the station as yourself.');
        await store.change({ ...caller.author, organisation: seenBy.organisation }, async (tx) => {
          await sessions.end(tx, { session: caller.session });
        });
        return {};
      },
    },
    async stop() {
      stopped = true;
      deaf();
      clearTimeout(timer);
      await looking;
    },
  };
}

/** What may take the right to a view away. */
const ENDS: ReadonlySet<string> = new Set([
  'people.grantsChanged',
  'people.rightsChanged',
  'people.personChanged',
  'people.organisationChanged',
]);
