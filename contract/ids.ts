// Identity: UUIDv7 for rows, keys for what a plant names. Time and randomness come in, so tests can repeat a run.

export type Id = string;
export type Random = (bytes: number) => Uint8Array;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** A UUIDv7 (RFC 9562): 48 bits of milliseconds, then 74 random bits. Sorts by the time it was made. */
export function uuidv7(now: number, random: Random): Id {
  const bytes = new Uint8Array(16);
  bytes.set(random(10), 6);
  for (let i = 5, rest = now; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  const hex = Array.from(bytes, (byte) => HEX[byte]).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
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
    const id = uuidv7(ms, random);
    // The twelve bits after the version are the counter (RFC 9562, method 1).
    return `${id.slice(0, 15)}${counter.toString(16).padStart(3, '0')}${id.slice(18)}`;
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
