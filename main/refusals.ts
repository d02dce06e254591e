// What was refused stands in the audit: of calls each one, of streams each opening, and what is tried in a loop together.
import type { Refusal } from '../contract/errors.ts';
import type { Logger } from './log.ts';
import type { Author, Store } from './store/index.ts';

type Book = { store: Pick<Store, 'audit'>; log: Logger };

export async function writeDown({ store, log }: Book, author: Author, message: string): Promise<void> {
  const { person, session, action, from, organisation, site, seenAs } = author;
  await store
    .audit({ actor: person, session, action, outcome: 'refused', organisation, site, seenAs, detail: { from, message, changes: [] } })
    .catch((error: unknown) => log.error({ error, action, event: 'auditFailed' }, 'a refusal could not be written to the audit'));
}

const TOGETHER_MS = 60_000;

export type RefusedOpenings = {
  /** The first is written at once; more of the same within a minute only counted. */
  write(author: Author, refusal: Refusal): Promise<void>;
  /** Called now and then: writes down what was counted for a minute, or everything. */
  settle(all?: boolean): void;
};

/** A page that opens a refused stream again and again must not push everything else out of sight. */
export function refusedOpenings(book: Book & { clock: () => number }): RefusedOpenings {
  const counted = new Map<string, { author: Author; message: string; since: number; more: number }>();
  return {
    async write(author, { message }) {
      // By place as well: whoever reads the audit of one does not see the row of another.
      const key = [author.person, author.action, author.organisation, author.site, author.seenAs].join();
      const known = counted.get(key);
      if (known !== undefined) {
        known.more += 1;
        return;
      }
      counted.set(key, { author, message, since: book.clock(), more: 0 });
      await writeDown(book, author, message);
    },
    settle(all = false) {
      for (const [key, one] of counted) {
        if (!all && book.clock() - one.since < TOGETHER_MS) continue;
        const { more } = one;
        if (more === 0 || all) counted.delete(key);
        Object.assign(one, { since: book.clock(), more: 0 });
        if (more > 0) void writeDown(book, one.author, `${one.message} Asked ${more} more time${more === 1 ? '' : 's'} within a minute.`);
      }
    },
  };
}
