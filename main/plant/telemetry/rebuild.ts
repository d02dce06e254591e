// A catalog that is lost or damaged is made anew from the chunks, which say themselves what they are.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDamage } from '../../store/faults.ts';
import { Damaged } from './bytes.ts';
import { type Catalog, openCatalog } from './catalog.ts';
import { readHeader } from './chunk.ts';
import { type Engine, USUAL_CLASS } from './engine.ts';

/** Left in the folder when damage is met while the store is open: the next start makes the catalog anew. */
const MARK = 'catalog.damaged';
const MAGIC = Buffer.from('OPTC');
/** Numbers that may have been given to chunks that are gone. */
const SKIPPED = 1_000_000;

export const markDamaged = (folder: string): void => writeFileSync(join(folder, MARK), '');

/** The catalog; or an empty one, and why the old one was put aside. */
export function openOrReplace(folder: string): { catalog: Catalog; why?: string } {
  const path = join(folder, 'catalog.db');
  const chunks = join(folder, 'chunks');
  mkdirSync(chunks, { recursive: true, mode: 0o700 });
  if (!existsSync(path) && readdirSync(chunks).length > 0) return { catalog: openCatalog(path), why: 'it was missing' };
  if (!existsSync(join(folder, MARK)))
    try {
      const catalog = openCatalog(path);
      if (catalog.meta('rebuilding') === undefined) return { catalog };
      // A kill in the middle of making it.
      catalog.close();
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
  let n = 1;
  while (existsSync(`${path}.${n}`)) n++;
  for (const suffix of ['', '-wal', '-shm']) if (existsSync(path + suffix)) renameSync(path + suffix, `${path}.${n}${suffix}`);
  if (existsSync(join(folder, MARK))) renameSync(join(folder, MARK), `${path}.${n}.why`);
  return { catalog: openCatalog(path), why: `it was damaged, and lies in catalog.db.${n}` };
}

/** Chunks, files and rollups; what had been deleted already and lived on in rollups alone is lost. */
export function rebuild(engine: Engine, folder: string): void {
  const { catalog } = engine;
  catalog.transaction(() => catalog.putMeta('rebuilding', 'yes'));
  for (const name of readdirSync(folder).sort()) {
    const id = Number.parseInt(name, 10);
    if (!/^\d+\.chunks$/.test(name)) continue;
    const bytes = readFileSync(join(folder, name));
    catalog.transaction(() => {
      catalog.restoreFile(id, USUAL_CLASS, bytes.length);
      let [chunks, from, to] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (const place of placesIn(bytes)) {
        try {
          const header = readHeader(bytes.subarray(place));
          engine.adopt(id, place, bytes.subarray(place, place + header.length));
          chunks += 1;
          from = Math.min(from, header.from);
          to = Math.max(to, header.to);
        } catch (error) {
          if (!(error instanceof Damaged)) throw error;
          engine.report({ what: 'chunk', name: `${name}:${place}`, why: error.message });
        }
      }
      if (chunks > 0) catalog.growFile(id, bytes.length, chunks, from, to);
    });
  }
  catalog.transaction(() => {
    catalog.skipSequences(SKIPPED);
    catalog.forgetMeta('rebuilding');
  });
}

/** Where chunks begin: one after another, and behind a damaged one wherever the next seems to. */
function* placesIn(bytes: Buffer): Generator<number> {
  for (let at = bytes.indexOf(MAGIC); at >= 0; ) {
    yield at;
    const length = bytes.length - at >= 12 ? bytes.readUInt32LE(at + 8) : 0;
    const follows = at + length;
    at =
      length > 0 && (follows === bytes.length || bytes.subarray(follows, follows + 4).equals(MAGIC))
        ? follows
        : bytes.indexOf(MAGIC, at + 4);
    if (at >= bytes.length) return;
  }
}
