// A file that only grows at its end: what did not go in whole is taken out again.
import { closeSync, fdatasync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

export class AppendFile {
  readonly path: string;
  length: number;
  private readonly fd: number;
  private syncing = 0;
  private closed = false;

  constructor(path: string) {
    this.path = path;
    this.fd = openSync(path, 'a+', 0o600);
    this.length = fstatSync(this.fd).size;
  }

  /** Where the bytes begin; or it throws, and the file is as before. */
  append(bytes: Uint8Array): number {
    const start = this.length;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.fd, bytes, done, bytes.length - done);
    } catch (error) {
      ftruncateSync(this.fd, start);
      throw error;
    }
    this.length = start + bytes.length;
    return start;
  }

  /** Forgets what lies beyond. */
  cut(length: number): void {
    ftruncateSync(this.fd, length);
    this.length = length;
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const read = readSync(this.fd, bytes, done, length - done, offset + done);
      if (read === 0) return bytes.subarray(0, done);
      done += read;
    }
    return bytes;
  }

  flushSync(): void {
    fdatasyncSync(this.fd);
  }

  /** On disk, while the thread goes on. */
  async flush(): Promise<void> {
    this.syncing += 1;
    try {
      await new Promise<void>((resolve, reject) => fdatasync(this.fd, (error) => (error ? reject(error) : resolve())));
    } finally {
      this.syncing -= 1;
      if (this.closed && this.syncing === 0) closeSync(this.fd);
    }
  }

  /** A flush that is under way still ends. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.syncing === 0) closeSync(this.fd);
  }
}
