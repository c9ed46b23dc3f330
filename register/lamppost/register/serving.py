"""`lamppost register serve`: the console on the register alone, without an aggregator."""

import argparse
import json
import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any

from lamppost.register.commanding import OK, UsageError, add, say

if TYPE_CHECKING:
    from lamppost.register.records.store import Register
    from lamppost.register.serve import Console

PORT = 8080
PORT_MAX = 65_535
DEMO = "demo mode: no sign-in, everything is allowed, on this machine only"
NO_USERS = (
    "nobody can sign in yet; `lamppost register user add NAME --role admin` makes the first "
    "user, --demo serves this machine without sign-in"
)


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type to itself
    """Add it to a command line."""
    serving = add(
        commands, "serve", _serve, "serve pages and API of the register, with sign-in"
    )
    told = "address to listen on (default: 127.0.0.1, this machine only)"
    serving.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help=told)
    told = f"port; 0 for any free one (default: {PORT})"
    serving.add_argument("--port", type=int, default=PORT, metavar="N", help=told)
    told = "without sign-in, on this machine only: to look around"
    serving.add_argument("--demo", action="store_true", help=told)


def _serve(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.resting import Resting
    from lamppost.register.serve import Console, is_loopback

    if not 0 <= arguments.port <= PORT_MAX:
        raise UsageError(f"--port: came {arguments.port}, allowed: 0 to {PORT_MAX}")
    if arguments.demo and not is_loopback(arguments.host):
        raise UsageError(f"--host: came {arguments.host!r}, allowed with --demo: 127.0.0.1")
    stop = _stopped_by_signals()
    console = Console(
        Resting(register.now_ms),
        arguments.host,
        arguments.port,
        access=not arguments.demo,
        register=register,
    )
    console.start()
    try:
        _tell(register, console, arguments)
        stop.wait()
    finally:
        console.stop()
    return OK


def _tell(register: "Register", console: "Console", arguments: argparse.Namespace) -> None:
    if arguments.json:
        told = {"url": console.url, "database": register.address, "demo": arguments.demo}
        say(json.dumps(told))
    else:
        say(f"register in {register.address}")
        say(f"console on {console.url}")
    sys.stdout.flush()
    if arguments.demo:
        print(DEMO, file=sys.stderr)
    elif not _has_users(register):
        print(NO_USERS, file=sys.stderr)


def _has_users(register: "Register") -> bool:
    from lamppost.register.access import accounts

    with register.database.reading() as connection:
        return bool(accounts.every(connection))


def _stopped_by_signals() -> threading.Event:
    stop = threading.Event()

    def told(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)  # a second one ends the process at once
        stop.set()

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)
    return stop
