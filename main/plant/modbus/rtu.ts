// Modbus on a serial line: unit, PDU, checksum, and nothing that says where a frame begins. It is found by its length, its first
// bytes and its checksum; silence only helps to begin anew.
import type { Exchange, Taken } from '../bus/wire.ts';
import { decodeReply, EXCEPTION_BYTES, encodeRequest, type ModbusReply, type ModbusRequest, REFUSED, replyBytes } from './pdu.ts';

const CRC_BYTES = 2;
/** Around the PDU: the unit and the checksum. */
export const RTU_EXTRA_BYTES = 1 + CRC_BYTES;

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let n = 0; n < 8; n++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  return crc;
});

export function crc16(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let crc = 0xffff;
  for (let n = from; n < to; n++) crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[n] as number)) & 0xff] as number);
  return crc;
}

export function rtuFrame(unit: number, pdu: Uint8Array): Uint8Array {
  const frame = new Uint8Array(pdu.length + RTU_EXTRA_BYTES);
  frame[0] = unit;
  frame.set(pdu, 1);
  const crc = crc16(frame, 0, frame.length - CRC_BYTES);
  // The one place in Modbus where the lower byte goes first.
  frame[frame.length - 2] = crc & 0xff;
  frame[frame.length - 1] = crc >>> 8;
  return frame;
}

export function isWhole(bytes: Uint8Array, from: number, length: number): boolean {
  const end = from + length;
  const crc = crc16(bytes, from, end - CRC_BYTES);
  return bytes[end - 2] === (crc & 0xff) && bytes[end - 1] === crc >>> 8;
}

export function rtuExchange(unit: number, request: ModbusRequest): Exchange<ModbusReply> {
  const frame = rtuFrame(unit, encodeRequest(request));
  return { frame, take: (received) => take(received, unit, request) };
}

function take(received: Uint8Array, unit: number, request: ModbusRequest): Taken<ModbusReply> {
  for (let at = 0; at < received.length; ) {
    const ours = lengthOfOurs(received, at, unit, request);
    if (ours !== undefined && received.length - at >= ours && isWhole(received, at, ours)) {
      const reply = decodeReply(request, received.subarray(at + 1, at + ours - CRC_BYTES));
      if (typeof reply !== 'string') return { is: 'reply', reply, used: at + ours, skip: at };
    }
    // A whole frame that is not ours is passed over whole: what lies inside it is data.
    const any = lengthOfAny(received, at);
    at += any !== undefined && received.length - at >= any && isWhole(received, at, any) ? any : 1;
  }
  return { is: 'more', skip: 0 };
}

/** How long our reply would be if it began here; undefined where it cannot. Bytes that are still to come could be right. */
function lengthOfOurs(received: Uint8Array, at: number, unit: number, request: ModbusRequest): number | undefined {
  const [first, second, third] = [received[at], received[at + 1], received[at + 2]];
  if (first !== unit) return undefined;
  if (second === (request.function | REFUSED)) return EXCEPTION_BYTES + RTU_EXTRA_BYTES;
  if (second !== undefined && second !== request.function) return undefined;
  const length = replyBytes(request);
  const counted = request.function <= 4 || request.function === 23;
  if (counted && third !== undefined && third !== length - 2) return undefined;
  return length + RTU_EXTRA_BYTES;
}

/** How long the reply to any request would be that began here. */
function lengthOfAny(received: Uint8Array, at: number): number | undefined {
  const code = received[at + 1];
  if (code === undefined) return undefined;
  if (code & REFUSED) return EXCEPTION_BYTES + RTU_EXTRA_BYTES;
  switch (code) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 23:
      return 2 + (received[at + 2] ?? 0) + RTU_EXTRA_BYTES;
    case 5:
    case 6:
    case 15:
    case 16:
      return 5 + RTU_EXTRA_BYTES;
    case 22:
      return 7 + RTU_EXTRA_BYTES;
    default:
      return undefined;
  }
}
