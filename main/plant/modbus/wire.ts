// Modbus as a bus sees it, over TCP or with serial frames: which reply can be whose, and how to find out who is where.
import type { Wire } from '../bus/wire.ts';
import { mbapExchange } from './mbap.ts';
import { describeReply, describeRequest, EXCEPTION, encodeRequest, type ModbusReply, type ModbusRequest, replyBytes } from './pdu.ts';
import { RTU_EXTRA_BYTES, rtuExchange } from './rtu.ts';

/** To one device behind the line. */
export type Addressed = { unit: number; request: ModbusRequest };

const IDS = 65_536;
const ALL_UNITS = 0;

const common = {
  unanswered: { is: 'done' } as ModbusReply,
  fromDevice: (reply: ModbusReply) =>
    !(reply.is === 'exception' && (reply.code === EXCEPTION.gatewayTarget || reply.code === EXCEPTION.gatewayPath)),
  describe: ({ unit, request }: Addressed) => `unit ${unit}: ${describeRequest(request)}`,
  describeReply: ({ unit, request }: Addressed, reply: ModbusReply) => `unit ${unit}: ${describeReply(request, reply)}`,
};

/** `firstId` is chance: a station that was started anew does not begin with the ids it had before. */
export function tcpWire(firstId: number): Wire<Addressed, ModbusReply> {
  let id = firstId;
  return {
    ...common,
    ids: true,
    begin({ unit, request }) {
      id = (id + 1) % IDS;
      return mbapExchange(id, unit, request);
    },
    answered: () => true,
    shape: () => '',
    mayAnswer: () => false,
    probe: (request) => request,
    travelMs: () => 0,
  };
}

/** `characterMs` is how long one character is on the line; 0 where that is not known. */
export function rtuWire(characterMs: number): Wire<Addressed, ModbusReply> {
  return {
    ...common,
    ids: false,
    begin: ({ unit, request }) => rtuExchange(unit, request),
    answered: ({ unit }) => unit !== ALL_UNITS,
    shape,
    // An exception names its function and nothing else.
    mayAnswer: ({ request: { function: asked } }, reply, givenUp) =>
      reply.is === 'exception' && givenUp.some(({ request }) => request.function === asked),
    probe,
    travelMs: ({ request }) => (encodeRequest(request).length + replyBytes(request) + 2 * RTU_EXTRA_BYTES) * characterMs,
  };
}

/** A reply to a reading tells its function and length; one to a write repeats what was written. */
function shape({ request }: Addressed): string {
  if (request.function <= 4 || request.function === 23) return `${request.function} ${replyBytes(request)}`;
  return Buffer.from(encodeRequest(request).subarray(0, replyBytes(request))).toString('hex');
}

/**
 * A reading by the same function of fewer or more values; where the device refuses that, by another function: its reply,
 * were it a refusal, names that function.
 */
function probe({ unit, request }: Addressed, givenUp: readonly Addressed[], attempt: number): Addressed {
  const shapes = new Set(givenUp.map(shape));
  const functions = new Set(givenUp.map((one) => one.request.function));
  const own = request.function <= 4 ? (request.function as 1 | 2 | 3 | 4) : 3;
  const others = ([3, 4, 1, 2] as const).filter((one) => one !== own && !functions.has(one));
  const chosen = attempt === 0 || others.length === 0 ? own : (others[(attempt - 1) % others.length] as 1 | 2 | 3 | 4);
  const step = chosen <= 2 ? 8 : 1;
  for (let count = 1; ; count += step) {
    const one: Addressed = { unit, request: { function: chosen, address: Math.min(request.address, 65_536 - count), count } };
    if (!shapes.has(shape(one))) return one;
  }
}
