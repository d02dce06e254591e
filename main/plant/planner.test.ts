// Plans: golden cases by hand, rules that hold for any tags, lessons from refusals, and what a plan costs its line.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  budget,
  ILLEGAL_PERIOD_MS,
  type Learned,
  LIMITS,
  type Limits,
  learn,
  NOTHING_LEARNED,
  type PlannedRequest,
  plan,
  requestMs,
  unlearn,
  type Wanted,
} from './planner.ts';
import { isBitTable, type Table } from './registers.ts';

let made = 0;
const tag = (address: number, width = 1, more: Partial<Wanted> = {}): Wanted => ({
  tag: `t${made++}`,
  table: 'holding',
  address,
  width,
  period: 1000,
  ...more,
});
const spans = (requests: PlannedRequest[]) => requests.map((one) => `${one.table} ${one.address}+${one.width} @${one.period}`);

const GOLDEN: { name: string; wanted: Wanted[]; limits?: Partial<Limits>; learned?: Partial<Learned>; expected: string[] }[] = [
  { name: 'nothing', wanted: [], expected: [] },
  { name: 'neighbours are one request', wanted: [tag(0, 2), tag(2, 2), tag(4)], expected: ['holding 0+5 @1000'] },
  { name: 'whatever order they are in', wanted: [tag(4), tag(0, 2), tag(2, 2)], expected: ['holding 0+5 @1000'] },
  { name: 'a gap is read along', wanted: [tag(0), tag(17)], expected: ['holding 0+18 @1000'] },
  { name: 'a wider gap is not', wanted: [tag(0), tag(18)], expected: ['holding 0+1 @1000', 'holding 18+1 @1000'] },
  {
    name: 'a device that has holes',
    wanted: [tag(0), tag(2)],
    limits: { gapRegisters: 0 },
    expected: ['holding 0+1 @1000', 'holding 2+1 @1000'],
  },
  {
    name: 'tables and periods stay apart',
    wanted: [tag(0), tag(1, 1, { table: 'input' }), tag(2, 1, { period: 5000 })],
    expected: ['holding 0+1 @1000', 'input 1+1 @1000', 'holding 2+1 @5000'],
  },
  {
    name: '125 registers',
    wanted: Array.from({ length: 126 }, (_, n) => tag(n)),
    expected: ['holding 0+125 @1000', 'holding 125+1 @1000'],
  },
  {
    name: 'a value at the limit moves whole',
    wanted: [tag(0, 124), tag(124, 2)],
    expected: ['holding 0+124 @1000', 'holding 124+2 @1000'],
  },
  {
    name: '2000 bits',
    wanted: [tag(0, 1, { table: 'coil' }), tag(250, 1, { table: 'coil' }), tag(2000, 1, { table: 'coil' })],
    limits: { gapBits: 2000 },
    expected: ['coil 0+251 @1000', 'coil 2000+1 @1000'],
  },
  {
    name: 'the limit of a device',
    wanted: [tag(0), tag(9), tag(10)],
    limits: { registers: 10 },
    expected: ['holding 0+10 @1000', 'holding 10+1 @1000'],
  },
  { name: 'overlapping values are read once', wanted: [tag(0, 4), tag(1), tag(2, 4), tag(2, 1)], expected: ['holding 0+6 @1000'] },
  {
    name: 'a learned hole is not read over',
    wanted: [tag(0), tag(3)],
    learned: { illegal: [{ table: 'holding', address: 1, width: 2 }] },
    expected: ['holding 0+1 @1000', 'holding 3+1 @1000'],
  },
  {
    name: 'what is not there is asked for alone and seldom',
    wanted: [tag(0), tag(1), tag(2)],
    learned: { illegal: [{ table: 'holding', address: 1, width: 1 }] },
    expected: ['holding 0+1 @1000', `holding 1+1 @${ILLEGAL_PERIOD_MS}`, 'holding 2+1 @1000'],
  },
  {
    name: 'a cut is kept',
    wanted: [tag(0), tag(1)],
    learned: { cuts: [{ table: 'holding', address: 1, gap: false }] },
    expected: ['holding 0+1 @1000', 'holding 1+1 @1000'],
  },
  {
    name: 'of another table it says nothing',
    wanted: [tag(0), tag(1)],
    learned: { cuts: [{ table: 'input', address: 1, gap: false }], illegal: [{ table: 'input', address: 0, width: 9 }] },
    expected: ['holding 0+2 @1000'],
  },
];

test('golden plans', () => {
  for (const { name, wanted, limits, learned, expected } of GOLDEN)
    assert.deepEqual(spans(plan(wanted, { ...LIMITS, ...limits }, { ...NOTHING_LEARNED, ...learned })), expected, name);
});

const anyWanted = fc
  .array(
    fc.record({
      table: fc.constantFrom<Table>('coil', 'holding', 'input'),
      address: fc.nat(400),
      width: fc.integer({ min: 1, max: 6 }),
      period: fc.constantFrom(500, 1000, 5000),
    }),
    { maxLength: 60 },
  )
  .map((all) => all.map((one, n) => ({ ...one, tag: `t${n}`, width: isBitTable(one.table) ? 1 : one.width })));

test('every value is in exactly one request, whole, within the limits, and not where nothing is', () => {
  fc.assert(
    fc.property(
      anyWanted,
      fc.integer({ min: 6, max: 125 }),
      fc.nat(20),
      fc.array(fc.nat(400), { maxLength: 5 }),
      (wanted, registers, gapRegisters, holes) => {
        const learned: Learned = { cuts: [], illegal: holes.map((address) => ({ table: 'holding', address, width: 1 })) };
        const requests = plan(wanted, { ...LIMITS, registers, gapRegisters }, learned);
        for (const one of wanted) {
          const holding = requests.filter((request) => request.tags.includes(one.tag));
          assert.equal(holding.length, 1);
          const [request] = holding as [PlannedRequest];
          assert.equal(request.table, one.table);
          assert.ok(request.illegal || request.period === one.period);
          assert.ok(request.address <= one.address && one.address + one.width <= request.address + request.width);
        }
        for (const request of requests) {
          assert.ok(request.width <= (isBitTable(request.table) ? 2000 : registers));
          assert.ok(request.offset >= 0 && request.offset < request.period);
          if (!request.illegal && request.table === 'holding')
            assert.ok(!holes.some((hole) => hole >= request.address && hole < request.address + request.width));
        }
      },
    ),
  );
});

test('requests of a period begin spread over it', () => {
  const requests = plan([tag(0), tag(200), tag(400), tag(600), tag(0, 1, { period: 4000 })]);
  assert.deepEqual(
    requests.map((one) => one.offset),
    [0, 250, 500, 750, 0],
  );
});

/** Asks a device that refuses whatever touches a hole, and learns, until nothing new is refused. */
function taught(wanted: Wanted[], holes: number[]): { requests: PlannedRequest[]; refusals: number } {
  let learned = NOTHING_LEARNED;
  for (let refusals = 0; refusals < 500; refusals++) {
    const requests = plan(wanted, LIMITS, learned);
    const refused = requests.find((one) => !one.illegal && holes.some((hole) => hole >= one.address && hole < one.address + one.width));
    if (refused === undefined) return { requests, refusals };
    learned = learn(learned, refused, wanted);
  }
  throw new Error('learned nothing in 500 refusals');
}

test('a hole in a gap costs one refusal and one request more', () => {
  const { requests, refusals } = taught([tag(0), tag(1), tag(5), tag(6)], [3]);
  assert.deepEqual(spans(requests), ['holding 0+2 @1000', 'holding 5+2 @1000']);
  assert.equal(refusals, 1);
});

test('a value that is not there is found, and the rest is read as before', () => {
  const wanted = Array.from({ length: 64 }, (_, n) => tag(n));
  const { requests, refusals } = taught(wanted, [37]);
  assert.deepEqual(spans(requests), ['holding 0+37 @1000', `holding 37+1 @${ILLEGAL_PERIOD_MS}`, 'holding 38+26 @1000']);
  assert.ok(refusals <= 8, `${refusals} refusals`);
});

test('any holes are learned, and everything that is there is read', () => {
  fc.assert(
    fc.property(anyWanted, fc.array(fc.nat(400), { maxLength: 12 }), (wanted, holes) => {
      for (const { illegal, tags } of taught(wanted, holes).requests)
        if (illegal)
          for (const name of tags) {
            const one = wanted.find(({ tag }) => tag === name) as Wanted;
            const known = wanted.some((other) =>
              holes.some(
                (hole) =>
                  hole >= other.address &&
                  hole < other.address + other.width &&
                  other.address < one.address + one.width &&
                  one.address < other.address + other.width,
              ),
            );
            assert.ok(known, `${name} is there, and was given up`);
          }
    }),
  );
});

test('what was not there and comes to be is read as before', () => {
  const wanted = [tag(0), tag(1), tag(2)];
  const learned: Learned = { cuts: [], illegal: [{ table: 'holding', address: 1, width: 1 }] };
  assert.equal(plan(wanted, LIMITS, learned).length, 3);
  assert.equal(plan(wanted, LIMITS, unlearn(learned, { table: 'holding', address: 1, width: 1 })).length, 1);
});

test('what a request takes on a serial line', () => {
  const at = (baudRate: number) => ({ kind: 'serial', baudRate, bitsPerCharacter: 11, turnaroundMs: 20 }) as const;
  const ms = (width: number, baudRate: number) => Math.round(requestMs({ table: 'holding', address: 0, width }, at(baudRate)));
  assert.deepEqual(
    [2, 30, 125].map((width) => ms(width, 9600)),
    [48, 112, 329],
  );
  assert.deepEqual(
    [2, 30, 125].map((width) => ms(width, 19_200)),
    [34, 66, 175],
  );
  assert.equal(
    Math.round(requestMs({ table: 'coil', address: 0, width: 9 }, at(9600))),
    Math.round(requestMs({ table: 'holding', address: 0, width: 1 }, at(9600))),
  );
});

test('a plan that its line cannot carry is told before it runs', () => {
  const line = { kind: 'serial', baudRate: 9600, bitsPerCharacter: 11, turnaroundMs: 20 } as const;
  const verdict = (count: number) => budget(plan(Array.from({ length: count }, (_, n) => tag(n * 100, 2))), line);
  assert.deepEqual(
    [10, 18, 30].map((count) => verdict(count).verdict),
    ['fits', 'tight', 'overcommitted'],
  );
  assert.match(verdict(30).message, /needs 14\d % of the line: readings will come late/);
  assert.equal(budget(plan([tag(0)]), { kind: 'network', roundTripMs: 5 }).utilisation, 0.005);
});
