"""`lamppost tail`: what is said on the broker, in words."""

import argparse
import json
import queue
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

import paho.mqtt.client as paho
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from lamppost.aggregator.ingest.host import new_client
from lamppost.aggregator.nodes.rebirth import Rebirths
from lamppost.aggregator.settings.mqtt import MqttConfig, host_port
from lamppost.aggregator.settings.rules import ConfigError, Problem
from lamppost.aggregator.tail.held import Held
from lamppost.aggregator.tail.told import Line, Listener
from lamppost.wire.encode import encode
from lamppost.wire.session import rebirth_command
from lamppost.wire.topic import NAMESPACE, STATE, Topic, TopicError, Verb, check_id

OK, FAILED, WRONG_USE = 0, 1, 2
MAX_WAITING = 10_000
REBIRTH_PAUSE_MS = 30_000
REBIRTHS_PER_S = 1.0
POLL_S = 0.2
RESET = "\033[0m"
COLOURS = {
    "birth": "\033[32m",
    "death": "\033[31m",
    "command": "\033[35m",
    "state": "\033[36m",
    "trouble": "\033[33m",
}
EXAMPLES = """\
examples:
  lamppost tail                                     everything on 127.0.0.1:1883
  lamppost tail --broker 10.0.0.5:1883 --node pump-station-1
  lamppost tail --json --no-rebirth | jq .value     for scripts; asks nobody for anything

Payloads name their metrics by numbers that only births explain. tail asks a node whose birth it
has not seen for one, at most every 30 seconds; --no-rebirth makes it listen only.
exit code: 0 stopped, 1 no connection, 2 wrong use
"""


def main(argv: Sequence[str]) -> int:
    """Show live traffic with names, units and qualities."""
    arguments = _parser().parse_args(argv)
    try:
        config, groups = configured(arguments)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    listener = Listener(arguments.group, arguments.node)
    tail = Tail(config, listener, ask=not arguments.no_rebirth, out=sys.stdout)
    try:
        return tail.run(groups, as_json=arguments.json, for_s=arguments.seconds)
    except KeyboardInterrupt:
        return OK
    except BrokenPipeError:  # `| head` has seen enough
        sys.stderr.close()
        return OK
    except (OSError, ValueError) as error:
        where = f"{config.host}:{config.port}"
        print(f"lamppost tail: broker {where}: {error}", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "lamppost tail",
        description="Shows live Sparkplug traffic with names, units and qualities.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--broker", default="127.0.0.1:1883", metavar="HOST:PORT")
    parser.add_argument("--group", metavar="G", help="only this group")
    parser.add_argument("--node", metavar="N", help="only this node")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--no-rebirth", "--quiet", action="store_true", help="never ask for a birth"
    )
    parser.add_argument("--for", dest="seconds", type=float, metavar="S", help="stop after S s")
    parser.add_argument("--username", default="", metavar="NAME")
    for name, what in (
        ("password-file", "file with the password"),
        ("ca-file", "PEM file of trusted authorities"),
        ("cert-file", "PEM file of our certificate"),
        ("key-file", "PEM file of our key"),
    ):
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=what)
    return parser


def configured(arguments: argparse.Namespace) -> tuple[MqttConfig, list[str]]:
    """Connection and topic filters of a command line.

    Raises:
        ConfigError: an option is not what it may be.
    """
    host, port = host_port(arguments.broker, "--broker")
    files: dict[str, Any] = {}
    for name in ("password_file", "ca_file", "cert_file", "key_file"):
        path = getattr(arguments, name)
        option = "--" + name.replace("_", "-")
        if path is not None and not path.is_file():
            raise ConfigError((Problem("command line", option, str(path), "a file"),))
        files[name] = path
    for option in ("group", "node"):
        given = getattr(arguments, option)
        try:
            if given is not None:
                check_id(option, given)
        except TopicError as error:
            problem = Problem("command line", f"--{option}", given, str(error))
            raise ConfigError((problem,)) from error
    config = MqttConfig(host=host, port=port, username=arguments.username, **files)
    group, node = arguments.group or "+", arguments.node or "+"
    filters = [f"{NAMESPACE}/{group}/+/{node}/#"]
    return config, [*filters, f"{NAMESPACE}/{STATE}/+"]


class Tail:
    """One connection, shown line by line.

    Args:
        config: broker and credentials.
        listener: understands the messages.
        ask: whether to ask unknown nodes for their births.
        out: where lines go; colour only on a terminal.
    """

    def __init__(
        self, config: MqttConfig, listener: Listener, *, ask: bool, out: TextIO
    ) -> None:
        self._config = config
        self._listener = listener
        self._out = out
        self._rebirths: Rebirths[tuple[str, str]] | None = None
        if ask:
            self._rebirths = Rebirths(REBIRTH_PAUSE_MS, REBIRTHS_PER_S, 0)
        self._messages: queue.Queue[tuple[str, bytes]] = queue.Queue(MAX_WAITING)
        self._held = Held()
        self._missed = 0
        self._trouble = ""

    def run(self, filters: Sequence[str], *, as_json: bool, for_s: float | None = None) -> int:
        """Show lines until the time is over or the connection is lost.

        Raises:
            OSError: the broker cannot be reached.
        """
        client = new_client(self._config, "")
        client.on_connect = self._on_connect(filters)
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        client.connect(self._config.host, self._config.port, self._config.keepalive_s)
        client.loop_start()
        until_s = None if for_s is None else time.monotonic() + for_s
        try:
            while not self._trouble and (until_s is None or time.monotonic() < until_s):
                self._step(client, as_json=as_json)
        finally:
            client.disconnect()
            client.loop_stop()
        if self._trouble:
            print(f"lamppost tail: {self._trouble}", file=sys.stderr)
            return FAILED
        return OK

    def _step(self, client: paho.Client, *, as_json: bool) -> None:
        try:
            topic, payload = self._messages.get(timeout=POLL_S)
        except queue.Empty:
            pass
        else:
            asks = self._rebirths is not None
            waits = asks and not self._listener.named(topic)
            if not (waits and self._held.keep((topic, payload))):
                self._show(topic, payload, as_json=as_json)
        for topic, payload in self._held.ready(self._listener.named):
            self._show(topic, payload, as_json=as_json)
        if self._missed:
            missed, self._missed = self._missed, 0
            print(f"{missed} messages came too fast to be shown", file=sys.stderr)
        if self._rebirths is not None:
            self._ask(client, self._rebirths)

    def _show(self, topic: str, payload: bytes, *, as_json: bool) -> None:
        now_ms = time.time_ns() // 1_000_000
        for line in self._listener.lines(topic, payload, now_ms):
            self._print(line, as_json=as_json)

    def _ask(self, client: paho.Client, rebirths: Rebirths[tuple[str, str]]) -> None:
        now_ms = time.time_ns() // 1_000_000
        for known in self._listener.take_known():
            rebirths.born(known)
        for unknown in self._listener.take_unknown():
            rebirths.want(unknown, now_ms)
        for group, node in rebirths.due(now_ms):
            topic = Topic(group, Verb.NCMD, node).text
            client.publish(topic, encode(rebirth_command(now_ms)))

    def _print(self, line: Line, *, as_json: bool) -> None:
        if as_json:
            text = json.dumps({name: v for name, v in asdict(line).items() if v != ""})
        else:
            text = line.text()
            colour = COLOURS.get(line.what) if self._out.isatty() else None
            text = f"{colour}{text}{RESET}" if colour else text
        print(text, file=self._out, flush=True)

    def _on_connect(self, filters: Sequence[str]) -> paho.CallbackOnConnect_v2:
        def on_connect(
            client: paho.Client,
            _userdata: object,
            _flags: paho.ConnectFlags,
            reason: ReasonCode,
            _properties: Properties | None,
        ) -> None:
            if reason.is_failure:
                self._trouble = f"the broker refuses: {reason}"
                return
            client.subscribe([(one, 0) for one in filters])

        return on_connect

    def _on_message(
        self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage
    ) -> None:
        try:
            self._messages.put_nowait((message.topic, bytes(message.payload)))
        except (queue.Full, UnicodeDecodeError):
            self._missed += 1

    def _on_disconnect(
        self,
        _client: paho.Client,
        _userdata: object,
        _flags: paho.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure and not self._trouble:
            self._trouble = f"the connection is lost: {reason}"
