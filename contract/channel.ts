// Frames of the one streaming channel: a type byte, a stream number, a payload. Both ends share this file.
// Credits are bytes of payload, given back when the reader has *consumed* them; an end without credit sends nothing.

export const FRAME = {
  open: 1, // reader → station: JSON OpenRequest
  credit: 2, // reader → station: u32 bytes consumed
  close: 3, // reader → station: no payload
  hello: 16, // station → reader: JSON Hello, once, on stream 0
  beat: 17, // station → reader: JSON {time}, every BEAT_MS, on stream 0
  values: 18, // JSON: StateValues | EventValues | SampleValues, by the stream's delivery
  bytes: 19, // f64 offset of the first byte, then the bytes
  lost: 20, // JSON {bytes}: the source could not wait
  end: 21, // JSON {} or {code, message, data}: the stream is over
} as const;
export type FrameType = (typeof FRAME)[keyof typeof FRAME];

export const HEADER_BYTES = 5;
/** What a reader may send in one frame; a larger one closes the connection. */
export const MAX_READER_FRAME = 64 * 1024;
/** What a station sends in one frame. Only a single value that is larger travels in a larger one. */
export const MAX_STATION_FRAME = 64 * 1024;
/**
 * How many bytes may be on their way without having been consumed; a station may keep to less. A reader gives credit back at
 * the latest when it has consumed CREDIT_BYTES, or half of a window that is smaller than that: a value that does not fit into
 * what is left waits for half of it, and then goes out, however large it is.
 */
export const DEFAULT_WINDOW = 256 * 1024;
export const MAX_WINDOW = 4 * 1024 * 1024;
export const CREDIT_BYTES = 2 * 1024;
export const BEAT_MS = 5_000;
/** What a socket is closed with that its session has one too many of. */
export const TOO_MANY_LINKS = 4429;

export type Frame = { type: FrameType; stream: number; payload: Uint8Array };

/** `token`: the session, where the connection itself carries none. */
export type OpenRequest = { stream: string; input: unknown; window?: number; cursor?: string; token?: string };
export type Hello = { contract: string; station: { id: string; name: string }; time: number };
export type StateValues = { reset?: true; set?: [key: string, value: unknown][]; gone?: string[] };
export type EventValues = { items: [cursor: string, value: unknown][] };
/** One row for a key: the newest value and what the merged ones ranged over. `merged` counts samples that got no row of their own. */
export type SampleValues = { rows: [key: string, time: number, last: number, min: number, max: number, count: number][]; merged: number };
export type End = { code?: string; message?: string; data?: Record<string, unknown> };

export class FrameError extends Error {
  override name = 'FrameError';
}

const TYPES = new Set<number>(Object.values(FRAME));
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export function encodeFrame(type: FrameType, stream: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  frame[0] = type;
  new DataView(frame.buffer).setUint32(1, stream);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

export const encodeJson = (type: FrameType, stream: number, value: unknown): Uint8Array =>
  encodeFrame(type, stream, encoder.encode(JSON.stringify(value)));

export function encodeCredit(stream: number, bytes: number): Uint8Array {
  const payload = new Uint8Array(4);
  new DataView(payload.buffer).setUint32(0, bytes);
  return encodeFrame(FRAME.credit, stream, payload);
}

export function decodeFrame(raw: Uint8Array): Frame {
  if (raw.length < HEADER_BYTES) throw new FrameError('a frame shorter than its header');
  const type = raw[0] as number;
  if (!TYPES.has(type)) throw new FrameError(`unknown frame type ${type}`);
  const stream = new DataView(raw.buffer, raw.byteOffset, raw.byteLength).getUint32(1);
  return { type: type as FrameType, stream, payload: raw.subarray(HEADER_BYTES) };
}

export function frameJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(payload));
  } catch {
    throw new FrameError('a frame that is not JSON');
  }
}

export function frameCredit(payload: Uint8Array): number {
  if (payload.length !== 4) throw new FrameError('a credit of the wrong size');
  return new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0);
}

export function frameBytes(payload: Uint8Array): { offset: number; bytes: Uint8Array } {
  if (payload.length < 8) throw new FrameError('a bytes frame without its offset');
  return { offset: new DataView(payload.buffer, payload.byteOffset, 8).getFloat64(0), bytes: payload.subarray(8) };
}
