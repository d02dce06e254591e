# A Modbus slave on libmodbus, the C library, called as it is. The same conversation as pymodbusSlave.py, without values of its own:
#   libmodbusSlave.py tcp           → {"port": …}
#   libmodbusSlave.py rtu DEVICE    → {}
import ctypes
import json
import socket
import sys
import threading

SIZE = 400
UNIT = 7
lib = ctypes.CDLL("libmodbus.so.5")


class Mapping(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("nb_bits", "start_bits", "nb_input_bits", "start_input_bits")]
    _fields_ += [(name, ctypes.c_int) for name in ("nb_input_registers", "start_input_registers", "nb_registers", "start_registers")]
    _fields_ += [("tab_bits", ctypes.POINTER(ctypes.c_uint8)), ("tab_input_bits", ctypes.POINTER(ctypes.c_uint8))]
    _fields_ += [("tab_input_registers", ctypes.POINTER(ctypes.c_uint16)), ("tab_registers", ctypes.POINTER(ctypes.c_uint16))]


lib.modbus_new_tcp.restype = lib.modbus_new_rtu.restype = ctypes.c_void_p
lib.modbus_mapping_new.restype = ctypes.POINTER(Mapping)

mapping = lib.modbus_mapping_new(SIZE, SIZE, SIZE, SIZE)
held = mapping.contents
TABLES = {"coil": held.tab_bits, "discrete": held.tab_input_bits, "input": held.tab_input_registers, "holding": held.tab_registers}


def obey():
    for line in sys.stdin:
        asked = json.loads(line)
        table = TABLES[asked["table"]]
        if "values" in asked:
            for n, value in enumerate(asked["values"]):
                table[asked["address"] + n] = value
            print("[]", flush=True)
        else:
            print(json.dumps([table[asked["address"] + n] for n in range(asked["count"])]), flush=True)


def serve(context, again):
    query = (ctypes.c_uint8 * 260)()
    while True:
        length = lib.modbus_receive(context, query)
        if length > 0:
            lib.modbus_reply(context, query, length, mapping)
        elif length < 0 and not again():
            return


if sys.argv[1] == "rtu":
    context = ctypes.c_void_p(lib.modbus_new_rtu(sys.argv[2].encode(), 19200, ctypes.c_char(b"N"), 8, 1))
    lib.modbus_set_slave(context, UNIT)
    assert lib.modbus_connect(context) == 0
    print("{}", flush=True)
    threading.Thread(target=serve, args=(context, lambda: lib.modbus_flush(context) >= 0), daemon=True).start()
else:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    context = ctypes.c_void_p(lib.modbus_new_tcp(b"127.0.0.1", port))
    listening = ctypes.c_int(lib.modbus_tcp_listen(context, 1))
    accept = lambda: lib.modbus_tcp_accept(context, ctypes.byref(listening)) >= 0
    print(json.dumps({"port": port}), flush=True)
    threading.Thread(target=lambda: accept() and serve(context, accept), daemon=True).start()
obey()
