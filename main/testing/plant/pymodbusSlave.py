# A Modbus slave nobody here wrote: pymodbus. Prints what it holds, packed by its own means; answers on stdin what it holds now.
#   pymodbusSlave.py tcp | rtu-tcp          → {"port": …, "values": […]}
#   pymodbusSlave.py rtu DEVICE             → {"values": […]}
# then a line {"table": …, "address": …, "count": …} gives a line [words], and {"table": …, "address": …, "values": […]} sets them.
import asyncio
import json
import sys

from pymodbus.constants import Endian
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.payload import BinaryPayloadBuilder
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

SIZE = 400
VALUES = [
    ("uint16", "add_16bit_uint", [0, 1, 0x1234, 0xFFFF]),
    ("int16", "add_16bit_int", [-1, -0x8000, 0x7FFF]),
    ("uint32", "add_32bit_uint", [0x12345678, 0xFFFFFFFF]),
    ("int32", "add_32bit_int", [-123456789, -0x80000000]),
    ("uint64", "add_64bit_uint", [0x0123456789ABCDEF, 0xFFFFFFFFFFFFFFFF, 42]),
    ("int64", "add_64bit_int", [-1234567890123456789, -42]),
    ("float32", "add_32bit_float", [-22.5, 0.10000000149011612]),
    ("float64", "add_64bit_float", [3.141592653589793, -1e300]),
]
ORDERS = {"big": Endian.Big, "little": Endian.Little}
TABLES = {"coil": "c", "discrete": "d", "input": "i", "holding": "h"}
CODES = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}


def fill():
    words, told = [0] * SIZE, []
    at = 0
    for byte_name, byte_order in ORDERS.items():
        for word_name, word_order in ORDERS.items():
            for kind, add, values in VALUES:
                for value in values:
                    builder = BinaryPayloadBuilder(byteorder=byte_order, wordorder=word_order)
                    getattr(builder, add)(value)
                    packed = builder.to_registers()
                    words[at : at + len(packed)] = packed
                    told.append({"address": at, "type": kind, "byteOrder": byte_name, "wordOrder": word_name, "value": str(value)})
                    at += len(packed)
    builder = BinaryPayloadBuilder(byteorder=Endian.Big)
    builder.add_string("Pump station 1 ")
    packed = builder.to_registers()
    words[at : at + len(packed)] = packed
    told.append({"address": at, "type": "string", "length": 15, "byteOrder": "big", "wordOrder": "big", "value": "Pump station 1 "})
    return words, told


def context():
    words, told = fill()
    bits = [n % 3 == 0 for n in range(SIZE)]
    block = lambda values: ModbusSequentialDataBlock(0, list(values))
    slave = ModbusSlaveContext(co=block(bits), di=block(not bit for bit in bits), hr=block(words), ir=block(words), zero_mode=True)
    return slave, told


async def obey(slave):
    loop = asyncio.get_running_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if line == "":
            return
        asked = json.loads(line)
        code = CODES[asked["table"]]
        if "values" in asked:
            slave.setValues(code, asked["address"], asked["values"])
            print("[]", flush=True)
        else:
            print(json.dumps([int(one) for one in slave.getValues(code, asked["address"], asked["count"])]), flush=True)


async def main():
    from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer

    mode = sys.argv[1]
    slave, told = context()
    server_context = ModbusServerContext(slaves={7: slave}, single=False)
    if mode == "rtu":
        server = ModbusSerialServer(
            server_context, framer=ModbusRtuFramer, port=sys.argv[2], baudrate=19200, parity="N", ignore_missing_slaves=True
        )
        await server.start()
        print(json.dumps({"values": told}), flush=True)
    else:
        framer = ModbusSocketFramer if mode == "tcp" else ModbusRtuFramer
        server = ModbusTcpServer(server_context, framer=framer, address=("127.0.0.1", 0), ignore_missing_slaves=True)
    running = asyncio.ensure_future(server.serve_forever())
    if mode != "rtu":
        await server.serving
        print(json.dumps({"port": server.server.sockets[0].getsockname()[1], "values": told}), flush=True)
    await obey(slave)
    running.cancel()


asyncio.run(main())
