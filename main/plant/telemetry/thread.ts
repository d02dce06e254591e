// The thread of the telemetry store: answers one question at a time, and flushes what was appended in groups.
import { parentPort, workerData } from 'node:worker_threads';
import { Refusal } from '../../../contract/errors.ts';
import { isDamage, storeError } from '../../store/faults.ts';
import { Damaged } from './bytes.ts';
import type { Answered, Asked, Call, Calls, Ingested, PageGiven, PageWanted, ThreadOptions } from './calls.ts';
import { Engine } from './engine.ts';
import { answer, page } from './reading.ts';
import { markDamaged } from './rebuild.ts';
import { carryOut, plan } from './retention.ts';
import type { Columns } from './sample.ts';

const GROUP_MS = 50;
/** With so many samples a group does not wait any longer. */
const GROUP_SAMPLES = 200_000;
const TIDY_MS = 5_000;

const port = parentPort as NonNullable<typeof parentPort>;
const options = workerData as ThreadOptions;
const engine = opened();

function opened(): Engine {
  try {
    return new Engine(options);
  } catch (error) {
    if (!isDamage(error)) throw error;
    markDamaged(options.folder);
    return new Engine(options);
  }
}

const refusal = (error: unknown) => {
  // From the catalog: damage of everything else is met and told where it is read.
  if (isDamage(error)) markDamaged(options.folder);
  const meant =
    error instanceof Damaged ? new Refusal('invalid', `A chunk is damaged: ${error.message}.`, { cause: 'damaged' }) : storeError(error);
  if (meant instanceof Refusal) return { code: meant.code, message: meant.message, data: meant.data };
  return { code: 'internal' as const, message: meant instanceof Error ? (meant.stack ?? meant.message) : String(meant) };
};

const say = (answered: Answered, transfer: ArrayBuffer[] = []) => port.postMessage(answered, transfer);

// ---- appending: acknowledged when the group is on disk

let group: { ids: number[]; samples: number } = { ids: [], samples: 0 };
let timer: NodeJS.Timeout | undefined;
let flushing: Promise<void> | undefined;
/** Why the last batch was refused. */
let refused: unknown;

function append({ id, wanted }: Extract<Asked, { call: 'append' }>): void {
  try {
    engine.append(wanted);
  } catch (error) {
    if (!(error instanceof Refusal)) refused = error;
    say({ id, refused: refusal(error) });
    return;
  }
  group.ids.push(id);
  group.samples += wanted.series.length;
  if (group.samples >= GROUP_SAMPLES) void flush();
  else timer ??= setTimeout(() => void flush(), options.groupMs ?? GROUP_MS);
}

/** One flush at a time; what comes meanwhile is the next group. */
async function flush(): Promise<void> {
  clearTimeout(timer);
  timer = undefined;
  if (flushing !== undefined || group.ids.length === 0) return;
  const { ids } = group;
  group = { ids: [], samples: 0 };
  flushing = engine.log.flush().then(
    () => {
      refused = undefined;
      for (const id of ids) say({ id, given: undefined });
    },
    (error: unknown) => {
      refused = error;
      for (const id of ids) say({ id, refused: refusal(error) });
    },
  );
  await flushing;
  flushing = undefined;
  if (group.ids.length > 0) await flush();
}

const tidying = setInterval(() => engine.tidy(true), TIDY_MS);

// ---- everything else

const buffersOf = ({ times, values, kinds, quality, reasons }: Columns) =>
  [times, values, kinds, quality, reasons].map((column) => column.buffer as ArrayBuffer);

const answers: { [C in Exclude<Call, 'append'>]: (wanted: Calls[C][0]) => Calls[C][1] | Promise<Calls[C][1]> } = {
  series: (wanted) => engine.series(wanted),
  seal: () => {
    engine.seal();
    return undefined;
  },
  ingest({ chunks, as }) {
    const told: Ingested = { taken: 0, known: 0, refused: [] };
    for (const [place, bytes] of chunks.entries())
      try {
        if (engine.ingest(bytes, as)) told.taken += 1;
        else told.known += 1;
      } catch (error) {
        const { code, message } = refusal(error);
        // A disk that is full is no fault of the chunk: it may come again.
        if (code !== 'invalid' && code !== 'conflict') throw error;
        told.refused.push({ place, why: message });
      }
    return told;
  },
  sealed: ({ incarnation, after, most }) =>
    engine.catalog.chunksAfter(incarnation, after, most).map((row) => engine.files.read(row.file, row.place, row.length)),
  query: (wanted) => answer(engine, wanted),
  page: (wanted) => pageOf(wanted),
  plan: ({ rules, now }) => plan(engine, rules, now),
  async retain({ rules, now }) {
    const work = carryOut(engine, rules, now);
    for (;;) {
      const step = work.next();
      if (step.done === true) return step.value;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  },
  status() {
    const trouble = refused ?? engine.trouble;
    return {
      waiting: engine.pending.total,
      logBytes: engine.log.bytes(),
      bytes: engine.bytes(),
      ...(trouble !== undefined && { trouble: refusal(trouble) }),
      damage: [...engine.damage.values()],
    };
  },
  async close() {
    clearInterval(tidying);
    await flushing;
    await flush();
    engine.close();
    return undefined;
  },
};

/** The page of the epoch the cursor points at, or of the first one that has any. */
function pageOf({ tag, epochs, from, to, at, most }: PageWanted): PageGiven | undefined {
  const wanted = engine.epochs(tag).filter((series) => epochs === undefined || epochs.includes(series.epoch));
  for (const series of wanted) {
    if (at !== undefined && series.epoch < at.epoch) continue;
    const begin = at !== undefined && series.epoch === at.epoch ? at.from : from;
    const { columns, next } = page(engine, series, { from: begin, to, most });
    if (columns.count === 0 && next === undefined) continue;
    return { epoch: series.epoch, columns: copied(columns), next: { epoch: series.epoch, from: next ?? to } };
  }
  return undefined;
}

/** Columns may be a part of larger ones, which would all travel. */
const copied = ({ count, times, values, kinds, quality, reasons, texts }: Columns): Columns => ({
  count,
  times: times.slice(0, count),
  values: values.slice(0, count),
  kinds: kinds.slice(0, count),
  quality: quality.slice(0, count),
  reasons: reasons.slice(0, count),
  texts,
});

port.on('message', async (asked: Asked) => {
  if (asked.call === 'append') {
    append(asked);
    return;
  }
  const { id } = asked;
  try {
    const given = await (answers[asked.call] as (wanted: unknown) => unknown)(asked.wanted);
    const columns = asked.call === 'page' ? (given as PageGiven | undefined)?.columns : undefined;
    say({ id, given }, columns === undefined ? [] : buffersOf(columns));
    if (asked.call === 'close') port.close();
  } catch (error) {
    say({ id, refused: refusal(error) });
  }
});
