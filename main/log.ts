// The station's log: one JSON object a line (time, level, area, event, msg, id). What must not be read in it is taken out here.
// It goes to the console, into a file that is turned over when it is large, and to whoever watches.
import { createWriteStream, existsSync, mkdirSync, renameSync, statSync, type WriteStream } from 'node:fs';
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
  write(line: string): void;
  readonly file: string;
  /** Hears every line as it is written. Returns how to stop. */
  watch(listener: (line: string) => void): () => void;
  close(): Promise<void>;
};

/** `console` gets every line as well, where there is one. */
export function openLogSink(folder: string, console?: { write(line: string): void }): LogSink {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'outpost.log');
  const listeners = new Set<(line: string) => void>();
  let bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  let out = append(file);

  function append(path: string): WriteStream {
    const stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
    // A full disk must not take the station down with its log.
    stream.on('error', () => {});
    return stream;
  }

  function turnOver(): void {
    out.end();
    for (let n = FILES_KEPT - 1; n >= 1; n--) if (existsSync(`${file}.${n}`)) renameSync(`${file}.${n}`, `${file}.${n + 1}`);
    if (existsSync(file)) renameSync(file, `${file}.1`);
    bytes = 0;
    out = append(file);
  }

  return {
    file,
    write(line) {
      console?.write(line);
      bytes += Buffer.byteLength(line);
      if (bytes > FILE_BYTES) turnOver();
      out.write(line);
      for (const listener of listeners) listener(line);
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => new Promise((resolve) => out.end(() => resolve())),
  };
}
