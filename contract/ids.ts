// Identity: UUIDv7 for rows, keys for what a plant names. Time and randomness come in, so tests can repeat a run.

export type Id = string;
export type Random = (bytes: number) => Uint8Array;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** A UUIDv7 (RFC 9562), by hand as every change makes several: time, version 7 with twelve bits, variant with the last eight bytes. */
function assembled(ms: number, twelve: number, tail: ArrayLike<number>): Id {
  const time = ms.toString(16).padStart(12, '0');
  const byte = (n: number) => HEX[tail[n] as number] as string;
  const variant = HEX[0x80 | ((tail[0] as number) & 0x3f)] as string;
  const node = byte(2) + byte(3) + byte(4) + byte(5) + byte(6) + byte(7);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${twelve.toString(16).padStart(3, '0')}-${variant}${byte(1)}-${node}`;
}

/** Ids that only grow, whatever the clock does: an id can then be the cursor of a list that grows at its end. */
export function growingIds(clock: () => number, random: Random): () => Id {
  let ms = 0;
  let counter = 0;
  return () => {
    const now = clock();
    if (now > ms) {
      ms = now;
      counter = 0;
    } else {
      counter += 1;
      if (counter > 0xfff) {
        ms += 1;
        counter = 0;
      }
    }
    // The twelve bits after the version are the counter (RFC 9562, method 1).
    return assembled(ms, counter, random(8));
  };
}

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What people may choose as a key: lower-case, used in files, addresses and REST. */
export const KEY = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/;

/** The key a name suggests: 'Works 1 – Nord' → 'works-1-nord'. Never empty. */
export function keyFromName(name: string): string {
  const key = name
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 48)
    .replace(/-+$/, '');
  return key || 'unnamed';
}

/** The first of key, key-2, key-3 … that is still free. */
export function freeKey(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  for (let n = 2; ; n++) if (!taken.has(`${wanted}-${n}`)) return `${wanted}-${n}`;
}
