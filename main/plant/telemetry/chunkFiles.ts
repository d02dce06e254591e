// The files that hold chunks, one after another. Files grow at their end and go as a whole; what a file says beyond the catalog never counted.
import { closeSync, mkdirSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { flushFolderSync } from '../../store/files.ts';
import { AppendFile } from './appendFile.ts';
import { ByteWriter, Damaged } from './bytes.ts';
import type { Catalog } from './catalog.ts';

const DAY = 86_400_000;
const OPEN_FOR_READING = 32;

/** A file that is written to, and what is on its way into it. */
type Growing = { id: number; file: AppendFile; began: number; staged: ByteWriter; from: number; to: number; chunks: number };

export class ChunkFiles {
  private readonly folder: string;
  private readonly catalog: Catalog;
  private readonly fileBytes: number;
  private readonly growing = new Map<string, Growing>();
  private readonly reading = new Map<number, number>();

  constructor(folder: string, catalog: Catalog, fileBytes: number) {
    this.folder = folder;
    this.catalog = catalog;
    this.fileBytes = fileBytes;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // The latest of each class goes on, without what a kill left behind the last chunk that counts.
    const latest = new Map(catalog.files().map((row) => [row.class, row]));
    for (const row of latest.values()) {
      const file = new AppendFile(this.pathOf(row.id));
      if (file.length > row.bytes) file.cut(row.bytes);
      // Bytes that count are missing: another chunk must not take their place.
      if (file.length < row.bytes) file.close();
      else this.growing.set(row.class, growing(row.id, file, row.chunks > 0 ? row.from : Number.POSITIVE_INFINITY));
    }
  }

  /** Where these bytes will lie once `write` has put them there. */
  stage(className: string, from: number, to: number, bytes: Uint8Array): { file: number; place: number } {
    const into = this.into(className, to);
    const place = into.file.length + into.staged.at;
    into.staged.raw(bytes);
    if (from < into.from) into.from = from;
    if (to > into.to) into.to = to;
    into.chunks += 1;
    return { file: into.id, place };
  }

  /** All that was staged, on disk. Throws where it is not; `forget` then. */
  write(): void {
    for (const one of this.growing.values()) {
      if (one.chunks === 0) continue;
      one.file.append(one.staged.bytes.subarray(0, one.staged.at));
      one.file.flushSync();
    }
  }

  /** Within the transaction that makes the chunks count. */
  count(): void {
    for (const { id, file, chunks, from, to } of this.growing.values())
      if (chunks > 0) this.catalog.growFile(id, file.length, chunks, from, to);
  }

  done(): void {
    for (const one of this.growing.values()) reset(one);
  }

  /** What was staged does not count: the files are as they were. */
  forget(): void {
    const known = new Map(this.catalog.files().map((row) => [row.id, row.bytes]));
    for (const one of this.growing.values()) {
      const length = known.get(one.id) ?? 0;
      if (one.file.length > length) one.file.cut(length);
      reset(one);
    }
  }

  read(id: number, place: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let done = 0;
    try {
      const fd = this.opened(id);
      while (done < length) {
        const read = readSync(fd, bytes, done, length - done, place + done);
        if (read === 0) break;
        done += read;
      }
    } catch (error) {
      throw new Damaged(`cannot be read: ${(error as Error).message}`, { cause: error });
    }
    return bytes.subarray(0, done);
  }

  /** Nothing more is written to this file. */
  close(id: number): void {
    for (const [className, one] of this.growing)
      if (one.id === id) {
        one.file.close();
        this.growing.delete(className);
      }
  }

  remove(id: number): void {
    this.close(id);
    const fd = this.reading.get(id);
    if (fd !== undefined) closeSync(fd);
    this.reading.delete(id);
    rmSync(this.pathOf(id), { force: true });
  }

  closeAll(): void {
    for (const { file } of this.growing.values()) file.close();
    for (const fd of this.reading.values()) closeSync(fd);
  }

  private pathOf(id: number): string {
    return join(this.folder, `${String(id).padStart(8, '0')}.chunks`);
  }

  /** A day of data is the most a file holds on purpose: it is what retention takes away at once. */
  private into(className: string, to: number): Growing {
    const current = this.growing.get(className);
    const full = current !== undefined && (current.file.length + current.staged.at >= this.fileBytes || to > current.began + DAY);
    // What is staged in a file is written there: it is followed by another one only afterwards.
    if (current !== undefined && (!full || current.chunks > 0)) {
      if (current.began === Number.POSITIVE_INFINITY) current.began = to;
      return current;
    }
    current?.file.close();
    const id = this.catalog.addFile(className);
    const next = growing(id, new AppendFile(this.pathOf(id)), to);
    flushFolderSync(this.folder);
    this.growing.set(className, next);
    return next;
  }

  private opened(id: number): number {
    let fd = this.reading.get(id);
    if (fd !== undefined) this.reading.delete(id);
    else {
      fd = openSync(this.pathOf(id), 'r');
      if (this.reading.size >= OPEN_FOR_READING) {
        const [oldest, other] = this.reading.entries().next().value as [number, number];
        this.reading.delete(oldest);
        closeSync(other);
      }
    }
    this.reading.set(id, fd);
    return fd;
  }
}

const growing = (id: number, file: AppendFile, began: number): Growing => ({
  id,
  file,
  began,
  staged: new ByteWriter(),
  from: Number.POSITIVE_INFINITY,
  to: Number.NEGATIVE_INFINITY,
  chunks: 0,
});

function reset(one: Growing): void {
  one.staged.at = 0;
  one.from = Number.POSITIVE_INFINITY;
  one.to = Number.NEGATIVE_INFINITY;
  one.chunks = 0;
}
