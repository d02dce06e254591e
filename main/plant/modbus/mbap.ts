// Modbus over TCP: each frame begins with an id, a protocol, a length and a unit. All four must be right.
import type { Exchange, Taken } from '../bus/wire.ts';
import { decodeReply, EXCEPTION_BYTES, encodeRequest, type ModbusReply, type ModbusRequest, REFUSED, replyBytes } from './pdu.ts';

export const HEADER_BYTES = 7;
/** Counted by the length field: unit and PDU. */
const LEAST = 1 + EXCEPTION_BYTES;
const MOST = 254;
const UNIT_AT = 6;

export function mbapFrame(id: number, unit: number, pdu: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + pdu.length);
  const length = pdu.length + 1;
  frame.set([id >>> 8, id & 0xff, 0, 0, length >>> 8, length & 0xff, unit]);
  frame.set(pdu, HEADER_BYTES);
  return frame;
}

export function mbapExchange(id: number, unit: number, request: ModbusRequest): Exchange<ModbusReply> {
  const frame = mbapFrame(id, unit, encodeRequest(request));
  return { frame, take: (received) => take(received, id, unit, request) };
}

function take(received: Uint8Array, id: number, unit: number, request: ModbusRequest): Taken<ModbusReply> {
  const broken = (why: string): Taken<ModbusReply> => ({ is: 'broken', why });
  let at = 0;
  for (;;) {
    if (received.length - at < HEADER_BYTES + 1) return { is: 'more', skip: at };
    const word = (offset: number) => ((received[at + offset] as number) << 8) | (received[at + offset + 1] as number);
    const length = word(4);
    if (word(2) !== 0) return broken(`protocol ${word(2)} where 0 is right`);
    if (length < LEAST || length > MOST) return broken(`a length of ${length} in the header`);
    const end = at + UNIT_AT + length;
    if (word(0) === id) {
      const refusal = received[at + HEADER_BYTES] === (request.function | REFUSED);
      if (received[at + UNIT_AT] !== unit) return broken(`unit ${received[at + UNIT_AT]} in answer to ${unit}`);
      if (length !== 1 + (refusal ? EXCEPTION_BYTES : replyBytes(request))) return broken(`a length of ${length} in the header`);
      if (received.length < end) return { is: 'more', skip: at };
      const reply = decodeReply(request, received.subarray(at + HEADER_BYTES, end));
      if (typeof reply === 'string') return broken(reply);
      if (!couldBegin(received, end, id)) return broken('what follows the frame is none: some of it was lost');
      return { is: 'reply', reply, used: end, skip: at };
    }
    if (received.length < end) return { is: 'more', skip: at };
    at = end;
  }
}

/** Ids so far back may still be answered a second time. */
const RECENT_IDS = 1_024;

/**
 * Whether another frame could begin here. Where bytes of a reply were lost, those of the next frame would be taken for its data; then
 * what is left begins in the middle of one.
 */
function couldBegin(received: Uint8Array, at: number, latest: number): boolean {
  const left = received.length - at;
  const word = (offset: number) => ((received[at + offset] as number) << 8) | (received[at + offset + 1] as number);
  if (left >= 2 && ((latest - word(0)) & 0xffff) > RECENT_IDS) return false;
  if (left >= 4 && word(2) !== 0) return false;
  return left < 6 || (word(4) >= LEAST && word(4) <= MOST);
}
