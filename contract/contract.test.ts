// Every declaration is whole: whoever reads the contract, the sweeps first, may rely on it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { declaredProcedures, declaredStreams } from '../main/testing/declared.ts';
import { AREAS, contract, streamNamed, streams } from './index.ts';
import { PERMISSIONS } from './permissions.ts';
import { DELIVERIES, kebab, type Needs } from './procedure.ts';

const SENTENCE = /^[A-Z].*[.?]$/;

/** What a declaration asks for, with the place read from its own example. */
function checkNeeds(needs: Needs<never>, example: unknown): void {
  if ('session' in needs) {
    assert.equal(typeof needs.session, 'boolean');
    return;
  }
  assert.ok(Object.hasOwn(PERMISSIONS, needs.permission), `permission ${needs.permission}`);
  const at = needs.at(example as never) as unknown;
  const shape = typeof at === 'string' ? at : Object.keys(at as object).join();
  assert.ok(['platform', 'station', 'organisation', 'site', 'team', 'record,id'].includes(shape), `place ${JSON.stringify(at)}`);
}

for (const procedure of declaredProcedures)
  test(`${procedure.name} has a summary, needs, and an example its own input accepts`, () => {
    const { meta, route, inputSchema, outputSchema, area, short } = procedure;
    assert.match(route.summary ?? '', SENTENCE);
    assert.ok(meta.kind === 'question' || meta.kind === 'command');
    // What a declaration says, the router carries out: a word that nobody reads would be a promise that nobody keeps.
    assert.deepEqual(Object.keys(meta).sort(), ['critical', 'endsView', 'example', 'kind', 'needs', 'personal', 'undoable']);
    assert.notEqual(meta.example, undefined, 'no example input');
    checkNeeds(meta.needs, inputSchema.parse(meta.example));
    assert.ok(outputSchema);
    assert.deepEqual([route.method, route.path, route.operationId], ['POST', `/${area}/${kebab(short)}`, procedure.name]);
  });

for (const stream of declaredStreams)
  test(`stream ${stream.name} has a summary, needs, a delivery, and an example its own input accepts`, () => {
    assert.match(stream.summary, SENTENCE);
    assert.ok(DELIVERIES.includes(stream.delivery));
    assert.notEqual(stream.example, undefined, 'no example input');
    checkNeeds(stream.needs, stream.input.parse(stream.example));
    assert.notDeepEqual(stream.needs, { session: false }, 'a stream without a session');
    assert.equal(streamNamed(stream.name)?.summary, stream.summary);
  });

test('exactly these procedures are reachable without a session', () => {
  const open = declaredProcedures.filter(({ meta }) => 'session' in meta.needs && !meta.needs.session).map(({ name }) => name);
  assert.deepEqual(open.sort(), [
    'people.setUp',
    'people.setUpState',
    'people.signIn',
    'people.signInByKey',
    'people.signInByLink',
    'people.signInForwarded',
    'people.signInMethods',
  ]);
});

test('the areas of procedures and of streams are the seven, in their order', () => {
  assert.deepEqual(Object.keys(contract), [...AREAS]);
  assert.deepEqual(Object.keys(streams), [...AREAS]);
});

test('a name that was not declared is no stream, whatever an object inherits', () => {
  for (const name of [
    '',
    '.',
    'people',
    'people.',
    'people.nothing',
    'people.me.me',
    '__proto__.me',
    'people.__proto__',
    'people.constructor',
    'toString.call',
  ])
    assert.equal(streamNamed(name), undefined, name);
});

test('an answer is JSON and nothing else: no schema of the contract carries dates, maps or numbers beyond JSON', () => {
  for (const { name, outputSchema } of declaredProcedures) {
    const types = new Set(typesIn(outputSchema));
    for (const foreign of ['date', 'map', 'set', 'bigint', 'symbol', 'function', 'promise', 'any'])
      assert.ok(!types.has(foreign), `${name}: ${foreign}`);
  }
});

/** The kinds of every schema inside a schema. */
function* typesIn(schema: unknown, seen = new Set<unknown>()): Generator<string> {
  if (typeof schema !== 'object' || schema === null || seen.has(schema)) return;
  seen.add(schema);
  const def = (schema as { _zod?: { def: { type: string } } })._zod?.def;
  // z.json() describes any JSON by itself, lazily and for ever.
  if (def?.type === 'lazy') return;
  if (def) yield def.type;
  for (const inner of Object.values(def ?? schema)) yield* typesIn(inner, seen);
}
