// What may be said about a Modbus device and its registers, before anybody speaks to it.
import { z } from 'zod';
import type { Rules, Span } from '../config/check.ts';

export const TYPES = {
  bool: 1,
  bit: 1,
  uint8: 1,
  int8: 1,
  uint16: 1,
  int16: 1,
  uint32: 2,
  int32: 2,
  uint64: 4,
  int64: 4,
  float32: 2,
  float64: 4,
  bcd16: 1,
  bcd32: 2,
  /** As many as its length asks for. */
  string: 0,
} as const;
export type RegisterType = keyof typeof TYPES;

const order = z.enum(['big', 'little']).default('big');
const cells = ({ type, length }: { type: RegisterType; length?: number | undefined }) => TYPES[type] || Math.ceil((length ?? 0) / 2);

export const register = z
  .strictObject({
    table: z.enum(['coil', 'discrete', 'input', 'holding']),
    address: z.int().min(0).max(65_535),
    type: z.enum(Object.keys(TYPES) as [RegisterType, ...RegisterType[]]),
    byteOrder: order.describe('little: the bytes of each register are swapped.'),
    wordOrder: order.describe('little: the registers come in reverse.'),
    bit: z.int().min(0).max(15).optional().describe('For the type bit: 0 is the lowest of the word.'),
    length: z.int().min(1).max(250).optional().describe('For the type string: how many characters.'),
  })
  .superRefine((given, context) => {
    const say = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
    const isCell = given.table === 'coil' || given.table === 'discrete';
    if (isCell && given.type !== 'bool') say('type', `is ${given.type}: a ${given.table} holds a bool`);
    if ((given.type === 'bit') !== (given.bit !== undefined))
      say('bit', given.type === 'bit' ? 'is missing' : `means nothing for ${given.type}`);
    if ((given.type === 'string') !== (given.length !== undefined))
      say('length', given.type === 'string' ? 'is missing' : `means nothing for ${given.type}`);
    if (given.address <= 65_535 && given.address + cells(given) > 65_536)
      say('address', `is ${given.address}: the value would end behind the last register, 65535`);
  });
export type Register = z.infer<typeof register>;

const host = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9.:_-]+$/i, 'is no name or address of a host');

export const tcpConnection = z.strictObject({ host, port: z.int().min(1).max(65_535).default(502) });

export const modbusTcp: Rules = {
  connection: tcpConnection,
  register,
  span(given): Span {
    const { table, address, type, length } = given as Register;
    return { table, from: address, count: cells({ type, length }) };
  },
};
