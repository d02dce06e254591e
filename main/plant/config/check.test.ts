// A document that makes no sense is named place by place, and one that does goes through.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type PlantDocument, plantDocument } from '../../../contract/plant.ts';
import { drivers } from '../drivers.ts';
import { checkDocument, scanMs } from './check.ts';

const register = (address: number, type = 'uint16', more: object = {}) => ({ table: 'holding', address, type, ...more });
const tag = (id: string, more: object = {}) => ({ id, register: register(100), ...more });
const device = (more: object = {}) => ({ id: 'pump-1', driver: 'modbus-tcp', connection: { host: '127.0.0.1' }, ...more });
const document = (...devices: object[]): PlantDocument => plantDocument.parse({ devices });
const said = (...devices: object[]) =>
  checkDocument(document(...devices), drivers, new Set(['hall-a'])).map(({ path, id, message }) => `${path} (${id}) ${message}`);

test('what makes sense goes through', () => {
  assert.deepEqual(
    said(
      device({
        place: 'hall-a',
        tags: [
          tag('a', { register: register(0, 'float32') }),
          // Its two words and a bit of one of them are read beside it.
          tag('b', { register: register(0) }),
          tag('c', { register: register(1) }),
          tag('d', { register: register(1, 'bit', { bit: 15 }) }),
          tag('e', { register: register(65_532, 'float64') }),
          tag('f', { register: { table: 'coil', address: 0, type: 'bool' } }),
          tag('g', { register: register(10, 'string', { length: 7 }), labels: { '-1': 'off', true: 'on' } }),
        ],
      }),
    ),
    [],
  );
});

test('every wrong place is named by its path, its id and what is wrong with it', () => {
  const cases: [devices: object[], wanted: RegExp[]][] = [
    [[device(), device()], [/^devices\.1\.id \(pump-1\) is the id of devices\.0 as well$/]],
    [
      [device({ tags: [tag('a')] }), device({ id: 'p2', tags: [tag('a')] })],
      [/^devices\.1\.tags\.0\.id \(a\) is the id of devices\.0\.tags\.0/],
    ],
    [[device({ options: { timeoutMs: 1 } })], [/^devices\.0\.options\.timeoutMs /]],
    [[device({ driver: 'modbus' })], [/^devices\.0\.driver \(pump-1\) “modbus” is no driver: modbus-tcp, modbus-rtu/]],
    [[device({ place: 'nowhere' })], [/^devices\.0\.place .*“nowhere” is no building or system/]],
    [[device({ connection: { host: 'h', port: 70_000 } })], [/^devices\.0\.connection\.port /]],
    [[device({ connection: { host: 'h', prot: 1 } })], [/^devices\.0\.connection \(pump-1\) .*prot/]],
    [
      [device({ tags: [tag('a', { register: register(70_000) })] })],
      [/^devices\.0\.tags\.0\.register\.address \(a\) /, /register \(a\) ends at 70000, beyond 65535$/],
    ],
    [[device({ tags: [tag('a', { register: register(65_535, 'uint32') })] })], [/register \(a\) ends at 65536, beyond 65535$/]],
    [[device({ tags: [tag('a', { register: register(1, 'bit') })] })], [/register \(a\) type bit and “bit” \(0 to 15\) belong together$/]],
    [
      [device({ tags: [tag('a', { register: { table: 'coil', address: 1, type: 'uint16' } })] })],
      [/register \(a\) a coil is one bit: its type is bool, not uint16$/],
    ],
    [[device({ tags: [tag('a', { scale: { factor: 0 } })] })], [/scale\.factor \(a\) is 0/]],
    [[device({ tags: [tag('a', { limits: { min: 2, max: 1 } })] })], [/limits \(a\) has a least value of 2 above/]],
    [[device({ tags: [tag('a', { scan: '49ms' })] })], [/scan \(a\) is faster than 50ms$/]],
    [[device({ tags: [tag('a', { labels: { on: 'On' } })] })], [/labels\.on \(a\) names no whole number/]],
  ];
  for (const [devices, wanted] of cases) {
    const lines = said(...devices);
    assert.equal(lines.length, wanted.length, lines.join('\n'));
    for (const [n, pattern] of wanted.entries()) assert.match(lines[n] as string, pattern);
  }
});

test('two values that share a part, each with one of its own, are named; every such pair there is', () => {
  const span = fc.record({
    address: fc.nat(12),
    type: fc.constantFrom('uint16', 'uint32', 'uint64'),
    table: fc.constantFrom('holding', 'input'),
  });
  const size = { uint16: 1, uint32: 2, uint64: 4 };
  fc.assert(
    fc.property(fc.array(span, { maxLength: 6 }), (spans) => {
      const crossing = (a: (typeof spans)[number], b: (typeof spans)[number]) => {
        const [aEnd, bEnd] = [a.address + size[a.type], b.address + size[b.type]];
        return a.table === b.table && a.address < b.address && b.address < aEnd && aEnd < bEnd;
      };
      const wrong = spans.some((a) => spans.some((b) => crossing(a, b)));
      const lines = said(device({ tags: spans.map((one, n) => tag(`t${n}`, { register: one })) }));
      assert.equal(lines.length > 0, wrong, lines.join('\n'));
      for (const line of lines) assert.match(line, /lies across the end of t\d$/);
    }),
    { numRuns: 2_000 },
  );
});

test('a scan is a count and a unit', () => {
  assert.deepEqual(['500ms', '1s', '5m', '1h'].map(scanMs), [500, 1_000, 300_000, 3_600_000]);
});

test('the form itself refuses what no document may hold', () => {
  for (const wrong of [
    { devices: [{ ...device(), id: 'Pump 1' }] },
    { devices: [{ ...device(), unit: 256 }] },
    { devices: [{ ...device(), tags: [tag('a', { scale: { factor: 'NaN' } })] }] },
    { devices: [{ ...device(), tags: [tag('a', { scale: { factor: Number.POSITIVE_INFINITY } })] }] },
    { devices: [{ ...device(), tags: [tag('a', { scan: '1 s' })] }] },
    { devices: [{ ...device(), name: 'a\0b' }] },
    { devices: [device()], more: 1 },
  ])
    assert.equal(plantDocument.safeParse(wrong).success, false, JSON.stringify(wrong));
});
