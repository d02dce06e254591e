// The station's log: one JSON object a line (time, level, area, event, msg, id). What must not be read in it is taken out here.
// It goes to the console, into a file that is turned over when it is large, and to whoever watches.
import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';

export type { Logger };

/** Fields that never reach the log, wherever in an object they stand, four deep. */
export const REDACTED = ['password', 'current', 'token', 'secret', 'totp', 'code', 'cookie', 'authorization', 'link', 'data'] as const;

export function openLog(level: string, to: { write(line: string): void }): Logger {
  const paths = REDACTED.flatMap((field) => [field, `*.${field}`, `*.*.${field}`, `*.*.*.${field}`]);
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths, censor: '[removed]' },
      serializers: {
        error: (error: unknown) =>
          error instanceof Error ? { name: error.name, message: error.message, stack: error.stack } : { message: String(error) },
      },
    },
    to,
  );
}

const FILE_BYTES = 10 * 1024 * 1024;
const FILES_KEPT = 5;

export type LogSink = {
  /** Never throws, whatever the disk does. */
  write(line: string): void;
  readonly file: string;
  /** Hears every line as it is written. Returns how to stop. */
  watch(listener: (line: string) => void): () => void;
  close(): void;
};

const sayOnStderr = (error: Error) =>
  void process.stderr.write(`The log cannot be written into its file (${error.message}): look at its disk.\n`);

/** `console` gets every line as well, where there is one. `onTrouble` is told once when the file cannot be written, and anew after it could be. */
export function openLogSink(
  folder: string,
  console?: { write(line: string): void },
  onTrouble: (error: Error) => void = sayOnStderr,
): LogSink {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'outpost.log');
  const listeners = new Set<(line: string) => void>();
  let bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  let out: number | undefined;
  let closed = false;
  let torn = false;
  let troubled = false;

  function guarded(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!troubled) onTrouble(error as Error);
      troubled = true;
      return false;
    }
  }

  /** At once: a stream would lose its last lines with the process, and is gone for good after one full disk. */
  function put(line: string): void {
    out ??= openSync(file, 'a', 0o600);
    // What a full disk cut short in the middle of a line must not swallow the next one.
    appendFileSync(out, torn ? `\n${line}` : line);
    troubled = false;
  }

  function turnOver(): void {
    for (let n = FILES_KEPT - 1; n >= 1; n--) if (existsSync(`${file}.${n}`)) renameSync(`${file}.${n}`, `${file}.${n + 1}`);
    if (existsSync(file)) renameSync(file, `${file}.1`);
    if (out !== undefined) closeSync(out);
    out = undefined;
  }

  // There to be read from the beginning, also by whoever asks before the first line.
  guarded(() => put(''));
  return {
    file,
    write(line) {
      console?.write(line);
      for (const listener of listeners) listener(line);
      if (closed) return;
      if (bytes + Buffer.byteLength(line) > FILE_BYTES) {
        // Where that fails it grows on, and is turned over when as much again is in it.
        guarded(turnOver);
        bytes = 0;
      }
      bytes += Buffer.byteLength(line);
      torn = !guarded(() => put(line));
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      closed = true;
      if (out !== undefined) closeSync(out);
      out = undefined;
    },
  };
}
