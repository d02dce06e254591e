// A stand-in for Electron as it is published: an archive with a program that carries a fuse wire as the real one does, and runs nothing.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { FuseState } from '@electron/fuses';

/** Where the wire begins in every Electron. Each fuse is at the opposite of what we want, so that leaving one alone shows. */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';

export function writeElectronZip(folder: string, version: string, wanted: readonly boolean[]): void {
  const wire = Buffer.from([1, wanted.length, ...wanted.map((on) => (on ? FuseState.DISABLE : FuseState.ENABLE))]);
  const program = Buffer.concat([Buffer.from(`#!/bin/sh\nexit 0\n${SENTINEL}`), wire, Buffer.from('\n')]);
  const files: [name: string, bytes: Buffer, mode: number][] = [
    ['electron', program, 0o755],
    ['version', Buffer.from(version), 0o644],
    ['LICENSE', Buffer.from('a stand-in'), 0o644],
    ['resources/default_app.asar', Buffer.from('nothing'), 0o644],
  ];
  writeFileSync(join(folder, `electron-v${version}-linux-${process.arch}.zip`), zip(files));
}

/** Stored, not deflated: three kinds of record, little-endian. */
function zip(files: readonly [name: string, bytes: Buffer, mode: number][]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let at = 0;
  for (const [name, bytes, mode] of files) {
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(0x21, 8);
    shared.writeUInt32LE(crc32(bytes), 10);
    shared.writeUInt32LE(bytes.length, 14);
    shared.writeUInt32LE(bytes.length, 18);
    shared.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, Buffer.from(name), bytes]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(((0o100000 | mode) << 16) >>> 0, 6);
    rest.writeUInt32LE(at, 10);
    centrals.push(Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), shared, rest, Buffer.from(name));
    locals.push(local);
    at += local.length;
  }
  const central = Buffer.concat(centrals);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...locals, central, Buffer.from('PK\x05\x06'), end]);
}
