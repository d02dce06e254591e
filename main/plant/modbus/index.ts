// The three Modbus drivers: over TCP, on a serial line, and with serial frames over TCP as many gateways have it.
import { z } from 'zod';
import { describePort, bitsPerCharacter as perCharacter, type SerialSettings, serialDial } from '../bus/serial.ts';
import { tcpDial } from '../bus/tcp.ts';
import type { Driver } from '../driver.ts';
import { LIMITS, type LineSpeed, silenceMs } from '../planner.ts';
import { type Register, register, TABLES, width } from '../registers.ts';
import { type ModbusDevice, type ModbusRange, openModbusLine } from './line.ts';
import { MOST } from './pdu.ts';
import { rtuWire, tcpWire } from './wire.ts';

const MODBUS_PORT = 502;
const IDS = 65_536;
const CONNECT_TIMEOUT_MS = 3_000;
/** Longer than an adapter's own buffering, which hands bytes over every 16 ms. */
const QUIET_MS = 50;
/** Between frames that come through a gateway, whose line is not ours to time. */
const GATEWAY_GAP_MS = 2;
const TURNAROUND_MS = 20;

const host = z.string().trim().min(1).max(255);
const tcpPort = z.int().min(1).max(65_535).default(MODBUS_PORT);
const baudRate = z.int().min(300).max(4_000_000);
const hex4 = z.string().regex(/^[0-9a-f]{4}$/i, 'four hexadecimal digits, as 0403');
/** What a device lets pass before its own line must be silent, and what a person sets where a device is slow to turn around. */
const turnaroundMs = z.number().min(0).max(10_000).default(TURNAROUND_MS);

const tcpConnection = z.strictObject({ host, port: tcpPort });
const overTcpConnection = z.strictObject({ host, port: tcpPort, baudRate: baudRate.optional(), turnaroundMs });
const rtuConnection = z.strictObject({
  port: z.union([
    z.strictObject({ path: z.string().trim().min(1).max(255) }),
    z.strictObject({ vendorId: hex4, productId: hex4, serialNumber: z.string().min(1).max(255).optional() }),
  ]),
  baudRate: baudRate.default(9_600),
  dataBits: z.literal(8).default(8),
  parity: z.enum(['none', 'even', 'odd']).default('even'),
  stopBits: z.union([z.literal(1), z.literal(2)]).default(1),
  turnaroundMs,
});

const span = z.strictObject({ table: z.enum(TABLES), address: z.int(), width: z.int() });
const device = z
  .strictObject({
    unit: z.int().min(0).max(255).default(1),
    timeoutMs: z.int().min(10).max(60_000).default(1_000),
    maxRegisters: z.int().min(1).max(MOST.readWords).default(LIMITS.registers),
    maxBits: z.int().min(1).max(MOST.readBits).default(LIMITS.bits),
    gapRegisters: z.int().min(0).max(MOST.readWords).default(LIMITS.gapRegisters),
    gapBits: z.int().min(0).max(MOST.readBits).default(LIMITS.gapBits),
    writesSingly: z.boolean().default(true),
    learned: z
      .strictObject({
        cuts: z.array(z.strictObject({ table: z.enum(TABLES), address: z.int(), gap: z.boolean() })),
        illegal: z.array(span),
      })
      .optional(),
  })
  .transform(
    ({ unit, timeoutMs, maxRegisters, maxBits, gapRegisters, gapBits, writesSingly, learned }): ModbusDevice => ({
      unit,
      timeoutMs,
      limits: { registers: maxRegisters, bits: maxBits, gapRegisters, gapBits },
      writesSingly,
      ...(learned !== undefined && { learned }),
    }),
  );

const spanOf = (one: Register) => ({ table: one.table, from: one.address, count: width(one) });

type Modbus<C> = Driver<C, ModbusDevice, Register, ModbusRange>;
type Tcp = z.infer<typeof tcpConnection>;
type OverTcp = z.infer<typeof overTcpConnection>;
type Rtu = z.infer<typeof rtuConnection>;

const place = ({ host: name, port }: { host: string; port: number }) => `${name.toLowerCase()}:${port}`;
const anyId = () => Math.floor(Math.random() * IDS);

export const modbusTcp: Modbus<Tcp> = {
  name: 'modbus-tcp',
  connection: tcpConnection,
  device,
  address: register,
  span: spanOf,
  line: (connection) => `tcp ${place(connection)}`,
  open(connection, { clock, ports }) {
    const name = modbusTcp.line(connection);
    return openModbusLine({
      name,
      wire: tcpWire(anyId()),
      dial: tcpDial(connection.host, connection.port),
      clock,
      settings: { gapMs: 0, quietMs: 0, reconnects: true, connectTimeoutMs: CONNECT_TIMEOUT_MS },
      speed: undefined,
      release: ports.claim(name, modbusTcp.name),
    });
  },
};

export const modbusRtuOverTcp: Modbus<OverTcp> = {
  name: 'modbus-rtu-tcp',
  connection: overTcpConnection,
  device,
  address: register,
  span: spanOf,
  line: (connection) => `tcp ${place(connection)}`,
  open(connection, { clock, ports }) {
    const name = modbusRtuOverTcp.line(connection);
    const speed = speedOf(connection.baudRate, 11, connection.turnaroundMs);
    return openModbusLine({
      name,
      wire: rtuWire(characterMs(speed)),
      dial: tcpDial(connection.host, connection.port),
      clock,
      settings: { gapMs: GATEWAY_GAP_MS, quietMs: QUIET_MS, reconnects: true, connectTimeoutMs: CONNECT_TIMEOUT_MS },
      speed,
      release: ports.claim(name, modbusRtuOverTcp.name),
    });
  },
};

export const modbusRtu: Modbus<Rtu> = {
  name: 'modbus-rtu',
  connection: rtuConnection,
  device,
  address: register,
  span: spanOf,
  line: ({ port }) => `serial ${describePort(port)}`,
  open(connection, { clock, ports }) {
    const name = modbusRtu.line(connection);
    const bits = perCharacter(connection as SerialSettings);
    const speed = speedOf(connection.baudRate, bits, connection.turnaroundMs);
    const release = ports.claim(name, modbusRtu.name);
    return openModbusLine({
      name,
      wire: rtuWire(characterMs(speed)),
      dial: serialDial(connection, ports, name),
      clock,
      settings: {
        gapMs: silenceMs(connection.baudRate, bits),
        quietMs: QUIET_MS,
        reconnects: false,
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
      },
      speed,
      release,
    });
  },
};

const speedOf = (baud: number | undefined, bitsPerCharacter: number, turnaround: number): LineSpeed | undefined =>
  baud === undefined ? undefined : { kind: 'serial', baudRate: baud, bitsPerCharacter, turnaroundMs: turnaround };

const characterMs = (speed: LineSpeed | undefined) => (speed?.kind === 'serial' ? (speed.bitsPerCharacter * 1000) / speed.baudRate : 0);
