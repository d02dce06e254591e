// Inputs nobody should send, made from an example: as JSON text, since no object of ours could hold some of them.

/** Deeper than any parser of ours may walk by calling itself. */
const DEPTH = 10_000;
const MEBIBYTE = 1024 * 1024;

const LONG = `"${'x'.repeat(MEBIBYTE)}"`;
const DEEP_ARRAY = '['.repeat(DEPTH) + ']'.repeat(DEPTH);
const DEEP_OBJECT = `${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`;
const POLLUTION = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';

/** Stands where a field stood. Some of these a schema may rightly accept. */
const INSTEAD: Record<string, string> = {
  null: 'null',
  zero: '0',
  'a negative number': '-1',
  'a fraction': '0.5',
  'a huge number': '1e308',
  'a number beyond all': '1e400',
  'twenty digits': '12345678901234567890',
  true: 'true',
  'an empty string': '""',
  'a string with NUL': '"a\\u0000b"',
  'a lone surrogate': '"\\ud800"',
  'a string with everything else': '"\'\\"; drop table people; -- \\r\\n\\t {{7*7}} <script> %00 ../../etc/passwd \\u202e"',
  'a mebibyte': LONG,
  'an empty array': '[]',
  'an empty object': '{}',
  'an object that pollutes': POLLUTION,
  'a deep array': DEEP_ARRAY,
  'a deep object': DEEP_OBJECT,
};

/** Refused by every schema, wherever a string may stand: no database keeps the first two, no limit lets the third pass. */
export const NEVER_A_STRING = ['a string with NUL', 'a lone surrogate', 'a mebibyte'];

export type Hostile = { what: string; text: string; field: string | undefined };

/** Stands instead of the whole input. No schema of ours accepts any of it. */
export function* hostileWholes(example: object): Generator<Hostile> {
  const inner = JSON.stringify(example).slice(1, -1);
  const withKey = (key: string, value: string) => `{"${key}":${value}${inner === '' ? '' : `,${inner}`}}`;
  const whole: Record<string, string> = {
    null: 'null',
    'an array': '[]',
    'an array around it': `[{${inner}}]`,
    'a string': '"x"',
    'a number': '5',
    'a number beyond all': '1e400',
    true: 'true',
    'a mebibyte': LONG,
    'a deep array': DEEP_ARRAY,
    'a deep object': DEEP_OBJECT,
    'an extra key': withKey('extra', '1'),
    'a deep extra key': withKey('extra', DEEP_ARRAY),
    'a very long key': withKey('x'.repeat(MEBIBYTE), '1'),
    'the key __proto__': withKey('__proto__', '{"polluted":true}'),
    'the key constructor': withKey('constructor', '{"prototype":{"polluted":true}}'),
    'the key toString': withKey('toString', '1'),
  };
  for (const [what, text] of Object.entries(whole)) yield { what, text, field: undefined };
}

/** Each field of the example in turn, at any depth, replaced by each of the things above; and left out. */
export function* hostileFields(example: object): Generator<Hostile> {
  for (const path of paths(example)) {
    const field = path.join('.');
    const marked = JSON.stringify(replaced(example, path, '@@'));
    for (const [what, text] of Object.entries(INSTEAD)) yield { what, text: marked.replace('"@@"', () => text), field };
    yield { what: 'nothing', text: JSON.stringify(replaced(example, path, undefined)), field };
  }
}

function* paths(value: unknown, above: string[] = []): Generator<string[]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    yield [...above, key];
    yield* paths(inner, [...above, key]);
  }
}

function replaced(value: unknown, [key, ...rest]: string[], by: unknown): unknown {
  if (key === undefined) return by;
  const object = value as Record<string, unknown>;
  return { ...object, [key]: replaced(object[key], rest, by) };
}
