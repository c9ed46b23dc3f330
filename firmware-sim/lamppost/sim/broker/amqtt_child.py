"""The child process of the pip-only fallback: `python -m lamppost.sim.broker.amqtt_child PORT`.

amqtt is pure Python: 10 to 16 times dearer a message than mosquitto, and it fires no will when
a client falls silent. It serves `lamppost demo` on machines without mosquitto and nothing else.
"""

import asyncio
import logging
import signal
import sys

from amqtt.broker import Broker

from lamppost.sim.broker.choice import AMQTT_READY_MARK
from lamppost.sim.ports import LOOPBACK


async def serve(port: int) -> None:
    """Serve MQTT 3.1.1 on loopback until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{LOOPBACK}:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {}},
        }
    )
    await broker.start()
    print(AMQTT_READY_MARK, flush=True)
    await ended.wait()
    await broker.shutdown()


def main() -> None:
    """Read the port from the command line and serve."""
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
