// The log, read by people: as the file it is, or as it is written.
import { createReadStream } from 'node:fs';
import type { BytesSource, RingSource } from '../area.ts';
import type { LogSink } from '../log.ts';

/** From an offset to the end as it is when asked. The file waits: a slow reader pauses the reading. */
export const logFile = (sink: LogSink): BytesSource =>
  async function* (offset, signal) {
    yield* createReadStream(sink.file, { start: offset, signal, highWaterMark: 64 * 1024 }) as AsyncIterable<Uint8Array>;
  };

export const liveLog =
  (sink: LogSink): RingSource =>
  (push) =>
    sink.watch((line) => push(Buffer.from(line)));
