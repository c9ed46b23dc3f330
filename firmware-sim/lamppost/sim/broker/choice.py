"""Which broker is run: mosquitto where the machine has it, else amqtt."""

import importlib.util
import sys
from collections.abc import Callable

from lamppost.sim.broker import mosquitto
from lamppost.sim.broker.plan import BrokerError, BrokerKind, Plan

AMQTT_READY_MARK = "amqtt is listening"

Command = Callable[[int, int | None], list[str]]
"""Builds the command line from the plain port and the TLS port."""


def choose(kind: str, plan: Plan) -> tuple[BrokerKind, Command, str]:
    """Return the broker to run, its command line by ports, and what its log says when ready.

    Raises:
        BrokerError: the machine has none, or the one asked for cannot do what is planned.
    """
    if kind not in {"auto", "mosquitto", "amqtt"}:
        raise BrokerError(f"broker kind {kind!r}, allowed: auto, mosquitto, amqtt")
    program = mosquitto.find_mosquitto() if kind != "amqtt" else None
    if program:
        found = program
        return (
            "mosquitto",
            lambda port, tls_port: mosquitto.command(found, plan, port, tls_port),
            mosquitto.READY_MARK,
        )
    if kind == "mosquitto":
        raise BrokerError(
            "mosquitto is neither on PATH nor at "
            f"{mosquitto.SYSTEM_PATH}; install it with `apt install mosquitto`"
        )
    return "amqtt", _amqtt_command(kind, plan), AMQTT_READY_MARK


def _amqtt_command(kind: str, plan: Plan) -> Command:
    if importlib.util.find_spec("amqtt") is None:
        raise BrokerError(
            "no mosquitto on this machine and no amqtt in this environment; install one: "
            "`apt install mosquitto` or `pip install 'lamppost-sim[broker]'`"
        )
    if not plan.is_plain:
        raise BrokerError(
            "amqtt here serves one open listener only; TLS, users, access lists, persistence "
            "and queue limits need mosquitto (`apt install mosquitto`)"
        )
    if kind == "auto":
        print(
            "no mosquitto on this machine: falling back to amqtt, which is slower and fires no "
            "will when a client falls silent",
            file=sys.stderr,
        )
    module = "lamppost.sim.broker.amqtt_child"
    return lambda port, _tls_port: [sys.executable, "-m", module, str(port)]
