// A file of comma-separated values says, cell for cell, what was put in, and starts no formula.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCsv } from '../testing/csv.ts';
import { csvLine } from './csv.ts';

/** Text that is mostly what separates, quotes and calculates. */
const cell = fc.oneof(
  fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', '\t', '=', '+', '-', '@', "'", ' ', 'a', 'ß', '☃') }),
  fc.string({ unit: 'binary' }),
);

test('whatever is written is read back, with a quote before what would be a formula and nothing else', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }).chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }))),
      (rows) => {
        const read = parseCsv(rows.map(csvLine).join(''));
        assert.deepEqual(
          read,
          rows.map((row) => row.map((text) => ('=+-@\t\r'.includes(text[0] ?? ' ') ? `'${text}` : text))),
        );
        for (const text of read.flat()) assert.doesNotMatch(text, /^[=+\-@\t\r]/);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('rows as they stand in the file', () => {
  assert.equal(csvLine(['a', null, '5', '-5', 'b c']), "a,,5,'-5,b c\r\n");
  assert.equal(csvLine(['say "no"', 'a,b', 'two\nlines', '']), '"say ""no""","a,b","two\nlines",\r\n');
  assert.equal(csvLine(['=1+1', '=HYPERLINK("x","y")', '@a', '\tb', '\rc']), `'=1+1,"'=HYPERLINK(""x"",""y"")",'@a,'\tb,"'\rc"\r\n`);
});
