// Reads comma-separated values letter by letter as RFC 4180 tells it: every row ends with CR LF, a quote only where a cell is quoted.

export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    const quoted = text[at] === '"';
    const cell = (quoted ? /"((?:[^"]|"")*)"/y : /([^",\r\n]*)/y) as RegExp;
    cell.lastIndex = at;
    const match = cell.exec(text);
    if (!match) throw new Error(`not a cell at ${at}: ${JSON.stringify(text.slice(at, at + 40))}`);
    row.push(quoted ? (match[1] as string).replaceAll('""', '"') : (match[1] as string));
    at = cell.lastIndex;
    if (text[at] === ',') {
      at += 1;
      continue;
    }
    if (text.slice(at, at + 2) !== '\r\n')
      throw new Error(`neither comma nor end of line at ${at}: ${JSON.stringify(text.slice(at, at + 40))}`);
    at += 2;
    rows.push(row);
    row = [];
  }
  if (row.length > 0) throw new Error('the last row is not whole');
  return rows;
}
