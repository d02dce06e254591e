// Writes an organisation into a file: of one moment, whole, and set down before anybody reads it, however slowly they do.
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import type { BytesSource, Call, Station } from '../area.ts';
import type { Entity } from '../store/entities.ts';
import type { Author } from '../store/index.ts';
import { bodyLines, FORMAT, FORMAT_VERSION, type Header, LONGEST_LINE, type OrganisationName, openDigest } from './organisationFile.ts';

export type Written = { organisation: OrganisationName; digest: string; lines: number };

/** Gathered so far before it is written: a line at a time would cost a call each. */
const WRITE_BYTES = 256 * 1024;
/** Of so many readers a file is kept at once, and for so long after it was last read from: a connection may be lost on the way. */
const MOST_KEPT = 8;
const KEPT_MS = 10 * 60_000;
const SWEEP_MS = 60_000;

/** `whole`: written to its end; `read`: read to it, by somebody who may have lost the last of it. */
type Kept = { file: string; readAt: number; whole: boolean; read: boolean };

export type OrganisationExport = {
  source(input: { organisation: Id }, call: Pick<Call, 'caller'>): BytesSource;
  /** For somebody at the station's own console: into a file of theirs, which must not be there yet. */
  toFile(key: string, file: string): Promise<Written>;
  stop(): Promise<void>;
};

export function openExport(station: Station, shared: readonly Entity[]): OrganisationExport {
  const { store, blobs, clock, random, folder, version, log } = station;
  const kept = new Map<string, Kept>();

  /** What was asked for by `where`, with the audit's row of it. An act that cannot be written down does not happen. */
  async function write(where: { column: 'id' | 'key'; is: string }, file: string, author: Author, signal?: AbortSignal): Promise<Written> {
    const handle = await open(file, 'wx', 0o600);
    try {
      const written = await store.snapshot(async (at) => {
        const [organisation] = await at.all<OrganisationName>(
          `select "id", "key", "name" from "organisations" where "${where.column}" = ? and "deletedAt" is null order by "id"`,
          [where.is],
        );
        if (organisation === undefined) throw new Refusal('notFound', 'There is no such organisation at this station.');
        const header: Header = {
          format: FORMAT,
          version: FORMAT_VERSION,
          organisation,
          exportedAt: new Date(clock()).toISOString(),
          station: { id: store.stationId, version },
        };
        const digest = openDigest(header);
        let text = `${JSON.stringify(header)}\n`;
        for await (const line of bodyLines(at, shared, blobs, organisation.id)) {
          signal?.throwIfAborted();
          if (Buffer.byteLength(line) > LONGEST_LINE)
            throw new Refusal('tooLarge', `One record is too large to be carried: it begins with ${line.slice(0, 80)}.`);
          digest.add(line);
          text += `${line}\n`;
          if (text.length < WRITE_BYTES) continue;
          await handle.writeFile(text);
          text = '';
        }
        const end = digest.end();
        await handle.writeFile(`${text}${JSON.stringify(end)}\n`);
        return { organisation, ...end };
      });
      await handle.sync();
      const { organisation, digest, lines } = written;
      const { person: actor, session, action, from } = author;
      await store.audit({
        ...{ actor, session, action, outcome: 'done', organisation: organisation.id, site: null },
        detail: { from, message: `${lines} lines, digest ${digest}`, changes: [] },
      });
      return written;
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
  }

  async function forget(where: string): Promise<void> {
    const one = kept.get(where);
    kept.delete(where);
    if (one !== undefined) await rm(one.file, { force: true });
  }

  /** Swept away by the next start should this one be killed. */
  const newName = () => join(folder.path, `organisation-${Buffer.from(random(8)).toString('hex')}.part`);

  async function fresh(where: string, organisation: Id, author: Author, signal: AbortSignal): Promise<Kept> {
    await forget(where);
    await forgetOld();
    if (kept.size >= MOST_KEPT)
      throw new Refusal('tooMany', 'Several organisations are being saved just now. Try again in a few minutes.', {
        retryAfterMs: KEPT_MS,
      });
    const own: Kept = { file: newName(), readAt: clock(), whole: false, read: false };
    // Its place is taken before it is written: many who ask at once are not let in together.
    kept.set(where, own);
    try {
      await write({ column: 'id', is: organisation }, own.file, author, signal);
      own.whole = true;
      return own;
    } catch (error) {
      if (kept.get(where) === own) kept.delete(where);
      throw error;
    } finally {
      // Asked for again meanwhile: nobody knows of this one any more.
      if (kept.get(where) !== own) await rm(own.file, { force: true });
    }
  }

  /** Whoever comes for a place takes that of one who has read all; nobody's is kept for long. */
  async function forgetOld(): Promise<void> {
    for (const [where, { readAt, read }] of kept) if (clock() - readAt > KEPT_MS || (read && kept.size >= MOST_KEPT)) await forget(where);
  }
  const sweep = setInterval(
    () => void forgetOld().catch((error: unknown) => log.warn({ error, event: 'kept' }, 'a saved file was not removed')),
    SWEEP_MS,
  );
  sweep.unref();

  return {
    source({ organisation }, { caller }) {
      const where = `${organisation} ${caller.session}`;
      let own: Kept | undefined;
      return async function* (offset, signal) {
        if (own === undefined) own = offset === 0 ? await fresh(where, organisation, caller.author, signal) : kept.get(where);
        // The rest of another file would fit to nothing that was read already.
        if (own === undefined || !own.whole || kept.get(where) !== own)
          throw new Refusal('conflict', 'What was being saved is not kept any more. Begin again.');
        for await (const bytes of createReadStream(own.file, { start: offset })) {
          own.readAt = clock();
          yield bytes as Uint8Array;
          signal.throwIfAborted();
        }
        own.read = true;
      };
    },
    async toFile(key, file) {
      // Whole under its name, or not at all.
      const beside = `${file}.${Buffer.from(random(6)).toString('hex')}.part`;
      const written = await write({ column: 'key', is: key }, beside, {
        person: null,
        session: null,
        action: 'people.organisationFile',
        from: 'console',
        organisation: null,
        site: null,
      });
      await rename(beside, file);
      return written;
    },
    async stop() {
      clearInterval(sweep);
      for (const where of [...kept.keys()]) await forget(where);
    },
  };
}
