// The heart of a Modbus frame, the same over TCP and serial lines: a request in bytes, and what its reply must look like.

export type ModbusRequest =
  | { function: 1 | 2 | 3 | 4; address: number; count: number }
  | { function: 5; address: number; on: boolean }
  | { function: 6; address: number; word: number }
  | { function: 15; address: number; bits: readonly number[] }
  | { function: 16; address: number; words: readonly number[] }
  | { function: 22; address: number; and: number; or: number }
  | { function: 23; address: number; count: number; writeAddress: number; words: readonly number[] };

/** Bits come one by one as 0 and 1; padding of the last byte is not among them. */
export type ModbusReply = { is: 'words'; words: number[] } | { is: 'done' } | { is: 'exception'; code: number };

/** What the protocol allows in one request. */
export const MOST = { readBits: 2000, readWords: 125, writeBits: 1968, writeWords: 123, exchangedWords: 121 } as const;

export const EXCEPTION = { illegalFunction: 1, illegalAddress: 2, illegalValue: 3, gatewayPath: 10, gatewayTarget: 11 } as const;
const EXCEPTIONS: Record<number, string> = {
  1: 'illegal function',
  2: 'illegal data address',
  3: 'illegal data value',
  4: 'device failure',
  5: 'acknowledged, not done yet',
  6: 'device busy',
  7: 'not acknowledged',
  8: 'memory parity error',
  10: 'gateway: no path to the device',
  11: 'gateway: the device does not answer',
};
export const exceptionText = (code: number): string => `exception ${code}${EXCEPTIONS[code] === undefined ? '' : ` (${EXCEPTIONS[code]})`}`;

const FUNCTIONS: Record<number, string> = {
  1: 'read coils',
  2: 'read discrete inputs',
  3: 'read holding registers',
  4: 'read input registers',
  5: 'write one coil',
  6: 'write one register',
  15: 'write coils',
  16: 'write registers',
  22: 'mask a register',
  23: 'read and write registers',
};
const COIL_ON = 0xff00;
export const REFUSED = 0x80;
export const EXCEPTION_BYTES = 2;

const word = (bytes: Uint8Array, at: number) => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
const split = (words: readonly number[]) => words.flatMap((one) => [one >>> 8, one & 0xff]);

export function encodeRequest(request: ModbusRequest): Uint8Array {
  const head = [request.function, ...split([request.address])];
  switch (request.function) {
    case 5:
      return Uint8Array.of(...head, ...split([request.on ? COIL_ON : 0]));
    case 6:
      return Uint8Array.of(...head, ...split([request.word]));
    case 15:
      return Uint8Array.of(...head, ...split([request.bits.length]), Math.ceil(request.bits.length / 8), ...packBits(request.bits));
    case 16:
      return Uint8Array.of(...head, ...split([request.words.length]), request.words.length * 2, ...split(request.words));
    case 22:
      return Uint8Array.of(...head, ...split([request.and, request.or]));
    case 23:
      return Uint8Array.of(
        ...head,
        ...split([request.count, request.writeAddress, request.words.length]),
        request.words.length * 2,
        ...split(request.words),
      );
    default:
      return Uint8Array.of(...head, ...split([request.count]));
  }
}

/** Whether the protocol has such a request at all. */
export function impossible(request: ModbusRequest): string | undefined {
  const within = (count: number, most: number) =>
    Number.isInteger(count) && count >= 1 && count <= most
      ? undefined
      : `${FUNCTIONS[request.function]}: 1 to ${most} at a time, not ${count}`;
  const ends = (address: number, count: number) =>
    Number.isInteger(address) && address >= 0 && address + count <= 65_536
      ? undefined
      : `address ${address} and ${count} from there are not in 0 to 65535`;
  switch (request.function) {
    case 1:
    case 2:
      return within(request.count, MOST.readBits) ?? ends(request.address, request.count);
    case 3:
    case 4:
      return within(request.count, MOST.readWords) ?? ends(request.address, request.count);
    case 15:
      return within(request.bits.length, MOST.writeBits) ?? ends(request.address, request.bits.length);
    case 16:
      return within(request.words.length, MOST.writeWords) ?? ends(request.address, request.words.length);
    case 23:
      return (
        within(request.count, MOST.readWords) ??
        within(request.words.length, MOST.exchangedWords) ??
        ends(request.address, request.count) ??
        ends(request.writeAddress, request.words.length)
      );
    default:
      return ends(request.address, 1);
  }
}

/** How many bytes a reply has that is no exception. */
export function replyBytes(request: ModbusRequest): number {
  switch (request.function) {
    case 1:
    case 2:
      return 2 + Math.ceil(request.count / 8);
    case 3:
    case 4:
    case 23:
      return 2 + request.count * 2;
    case 22:
      return 7;
    default:
      return 5;
  }
}

/** The reply to this request, or in words why it can be none. */
export function decodeReply(request: ModbusRequest, pdu: Uint8Array): ModbusReply | string {
  if (pdu[0] === (request.function | REFUSED)) {
    const code = pdu[1];
    return pdu.length === EXCEPTION_BYTES && code !== undefined && code > 0
      ? { is: 'exception', code }
      : 'an exception of the wrong length';
  }
  if (pdu[0] !== request.function) return `function ${pdu[0]} in answer to ${request.function}`;
  const length = replyBytes(request);
  if (pdu.length !== length) return `${pdu.length} bytes where ${length} are right`;
  switch (request.function) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 23: {
      if (pdu[1] !== length - 2) return `a count of ${pdu[1]} bytes where ${length - 2} are right`;
      return { is: 'words', words: request.function <= 2 ? unpackBits(pdu, 2, request.count) : unpackWords(pdu, 2, request.count) };
    }
    default: {
      const echo = encodeRequest(request);
      for (let n = 0; n < length; n++) if (pdu[n] !== echo[n]) return 'confirms another write than was asked for';
      return { is: 'done' };
    }
  }
}

export function packBits(bits: readonly number[]): number[] {
  const bytes = Array<number>(Math.ceil(bits.length / 8)).fill(0);
  bits.forEach((bit, n) => {
    if (bit) bytes[n >>> 3] = (bytes[n >>> 3] as number) | (1 << (n & 7));
  });
  return bytes;
}

export function unpackBits(bytes: Uint8Array, at: number, count: number): number[] {
  const bits = new Array<number>(count);
  for (let n = 0; n < count; n++) bits[n] = ((bytes[at + (n >>> 3)] as number) >>> (n & 7)) & 1;
  return bits;
}

export function unpackWords(bytes: Uint8Array, at: number, count: number): number[] {
  const words = new Array<number>(count);
  for (let n = 0; n < count; n++) words[n] = word(bytes, at + n * 2);
  return words;
}

export function describeRequest(request: ModbusRequest): string {
  const name = FUNCTIONS[request.function];
  switch (request.function) {
    case 5:
      return `${name} ${request.address}: ${request.on ? 'on' : 'off'}`;
    case 6:
      return `${name} ${request.address}: ${request.word}`;
    case 15:
      return `${name} ${request.address}+${request.bits.length}: ${request.bits.join('')}`;
    case 16:
      return `${name} ${request.address}+${request.words.length}: ${request.words.join(' ')}`;
    case 22:
      return `${name} ${request.address}: and ${request.and}, or ${request.or}`;
    case 23:
      return `${name} ${request.address}+${request.count}, ${request.writeAddress}+${request.words.length}: ${request.words.join(' ')}`;
    default:
      return `${name} ${request.address}+${request.count}`;
  }
}

export function describeReply(request: ModbusRequest, reply: ModbusReply): string {
  if (reply.is === 'exception') return exceptionText(reply.code);
  if (reply.is === 'done') return `done: ${FUNCTIONS[request.function]}`;
  return request.function <= 2 ? reply.words.join('') : reply.words.join(' ');
}

// ---- the other side: what a device does with a request

export type Image = {
  /** Undefined where there is nothing. */
  read(table: 'coil' | 'discrete' | 'input' | 'holding', address: number): number | undefined;
  /** False where nothing can be written. */
  write(table: 'coil' | 'holding', address: number, value: number): boolean;
};

const READS = { 1: 'coil', 2: 'discrete', 3: 'holding', 4: 'input' } as const;

/** The reply of a device that holds this image; hostile requests get an exception, never an error. */
export function answer(pdu: Uint8Array, image: Image): Uint8Array {
  const refuse = (code: number) => Uint8Array.of(((pdu[0] ?? 0) & 0x7f) | REFUSED, code);
  const request = decodeRequest(pdu);
  if (typeof request === 'number') return refuse(request);
  switch (request.function) {
    case 1:
    case 2:
    case 3:
    case 4:
      return readFrom(request, READS[request.function]);
    case 5:
      return image.write('coil', request.address, request.on ? 1 : 0) ? pdu : refuse(EXCEPTION.illegalAddress);
    case 6:
      return image.write('holding', request.address, request.word) ? pdu : refuse(EXCEPTION.illegalAddress);
    case 15:
      return request.bits.every((bit, n) => image.write('coil', request.address + n, bit))
        ? pdu.slice(0, 5)
        : refuse(EXCEPTION.illegalAddress);
    case 16:
      return request.words.every((one, n) => image.write('holding', request.address + n, one))
        ? pdu.slice(0, 5)
        : refuse(EXCEPTION.illegalAddress);
    case 22: {
      const present = image.read('holding', request.address);
      if (present === undefined) return refuse(EXCEPTION.illegalAddress);
      return image.write('holding', request.address, (present & request.and) | (request.or & ~request.and & 0xffff))
        ? pdu
        : refuse(EXCEPTION.illegalAddress);
    }
    default:
      return request.words.every((one, n) => image.write('holding', request.writeAddress + n, one))
        ? readFrom(request, 'holding')
        : refuse(EXCEPTION.illegalAddress);
  }
  function readFrom(
    { address, count, function: code }: { address: number; count: number; function: number },
    table: (typeof READS)[1 | 2 | 3 | 4],
  ) {
    const found = Array.from({ length: count }, (_, n) => image.read(table, address + n));
    if (found.includes(undefined)) return refuse(EXCEPTION.illegalAddress);
    const data = code <= 2 ? packBits(found as number[]) : split(found as number[]);
    return Uint8Array.of(code, data.length, ...data);
  }
}

/** A request as a device reads it, or the code it is refused with. */
export function decodeRequest(pdu: Uint8Array): ModbusRequest | number {
  const code = pdu[0];
  if (code === undefined || FUNCTIONS[code] === undefined) return EXCEPTION.illegalFunction;
  const request = parsed(pdu, code);
  return request !== undefined && impossible(request) === undefined && Buffer.compare(encodeRequest(request), pdu) === 0
    ? request
    : EXCEPTION.illegalValue;
}

function parsed(pdu: Uint8Array, code: number): ModbusRequest | undefined {
  if (pdu.length < 5) return undefined;
  const [address, second] = [word(pdu, 1), word(pdu, 3)];
  switch (code) {
    case 5:
      return second === 0 || second === COIL_ON ? { function: 5, address, on: second === COIL_ON } : undefined;
    case 6:
      return { function: 6, address, word: second };
    case 15:
      return pdu.length === 6 + Math.ceil(second / 8) ? { function: 15, address, bits: unpackBits(pdu, 6, second) } : undefined;
    case 16:
      return pdu.length === 6 + second * 2 ? { function: 16, address, words: unpackWords(pdu, 6, second) } : undefined;
    case 22:
      return pdu.length === 7 ? { function: 22, address, and: second, or: word(pdu, 5) } : undefined;
    case 23: {
      if (pdu.length < 10 || pdu.length !== 10 + word(pdu, 7) * 2) return undefined;
      return { function: 23, address, count: second, writeAddress: word(pdu, 5), words: unpackWords(pdu, 10, word(pdu, 7)) };
    }
    default:
      return { function: code as 1 | 2 | 3 | 4, address, count: second };
  }
}
