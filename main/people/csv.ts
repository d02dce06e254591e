// Tables as people bring and take them: RFC 4180. Read with the comma or semicolon of their spreadsheet and whatever mark it puts
// before; written so that no cell is taken for a formula by the program that opens them.

/** Rows of cells. Undefined where a quote is opened and never closed. */
export function parseCsv(text: string): string[][] | undefined {
  const body = text.replace(/^\ufeff/, '');
  const comma = delimiterOf(body);
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < body.length; i++) {
    const letter = body[i] as string;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (body[i + 1] === '"') {
        cell += '"';
        i += 1;
      } else quoted = false;
    } else if (letter === '"' && cell === '') quoted = true;
    else if (letter === comma) {
      row.push(cell);
      cell = '';
    } else if (letter === '\n' || letter === '\r') {
      if (letter === '\r' && body[i + 1] === '\n') i += 1;
      rows.push([...row, cell]);
      row = [];
      cell = '';
    } else cell += letter;
  }
  if (quoted) return undefined;
  if (cell !== '' || row.length > 0) rows.push([...row, cell]);
  return rows;
}

/** Whichever stands more often in the first line: its names hold neither. */
function delimiterOf(text: string): string {
  const [first = ''] = text.split(/[\r\n]/, 1);
  const count = (letter: string) => first.split(letter).length;
  return count(';') > count(',') ? ';' : ',';
}

// ---- written

export type Cell = string | null;

/** What a spreadsheet takes for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r]/;

export function csvCell(cell: Cell): string {
  const text = FORMULA.test(cell ?? '') ? `'${cell}` : (cell ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const csvLine = (cells: readonly Cell[]): string => `${cells.map(csvCell).join(',')}\r\n`;
