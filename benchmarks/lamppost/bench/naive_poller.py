"""The peer of the edge benchmark: the poller that people write first.

Blocking Modbus reads in a loop and a JSON message a channel at QoS 1. It keeps nothing when
the broker is away, which is what it saves its work by.
Run as `python -m lamppost.bench.naive_poller MODBUS_PORT MQTT_PORT DEVICES CHANNELS`.
"""

import json
import sys
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from pymodbus.client import ModbusTcpClient

HOST = "127.0.0.1"
PERIOD_S = 1.0


def main() -> None:
    """Poll for ever."""
    modbus_port, mqtt_port, devices, channels = map(int, sys.argv[1:5])
    mqttc = mqtt.Client(CallbackAPIVersion.VERSION2)
    mqttc.connect(HOST, mqtt_port)
    mqttc.loop_start()
    clients = [ModbusTcpClient(HOST, port=modbus_port) for _ in range(devices)]
    due = time.monotonic()
    while True:
        for n, client in enumerate(clients):
            answer = client.read_input_registers(0, count=channels)
            for channel, value in enumerate(answer.registers):
                reading = {"time": time.time(), "value": value}
                mqttc.publish(f"naive/device-{n}/channel-{channel}", json.dumps(reading), qos=1)
        due += PERIOD_S
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main()
