"""`lamppost edge`: run a node, check its file, read its account, list the drivers."""

import argparse
import asyncio
import json
import logging
import signal
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from lamppost.edge.config.file import Config, ConfigError, load
from lamppost.edge.drivers.registry import DRIVERS

OK: Final = 0
FAILED: Final = 1
WRONG_USE: Final = 2

EXAMPLES: Final = """\
examples:
  lamppost edge check node.toml          is the file right? tells every problem in it
  lamppost edge run node.toml            sample, buffer and send until SIGTERM or Ctrl-C
  lamppost edge status node.toml --json  what was taken, stored, evicted, is in flight
  lamppost edge drivers                  what a device can be

exit code: 0 it worked, 1 it failed, 2 wrong use or configuration
"""


def main(argv: Sequence[str]) -> int:
    """Run a node: sample its devices, keep the readings, send them until they are stored."""
    arguments = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return WRONG_USE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "lamppost edge",
        description="The agent of a node, and what is needed to look after it.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "run", _run, "sample, buffer and send until told to stop").add_argument(
        "--verbose", action="store_true", help="tell more of what happens"
    )
    for name, command, text in (
        ("check", _check, "check a node's file and tell every problem in it"),
        ("status", _status, "tell what was taken, stored, evicted and is in flight"),
    ):
        _json_flag(_add(commands, name, command, text))
    drivers = commands.add_parser("drivers", help="list the drivers a device may name")
    drivers.set_defaults(command=_drivers)
    _json_flag(drivers)
    return parser


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    command: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=text, description=text, epilog=f"example:\n  lamppost edge {name} node.toml",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the node's TOML file")
    parser.set_defaults(command=command)
    return parser


def _json_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")


def _run(arguments: argparse.Namespace) -> int:
    config = load(arguments.config)
    _log_to_stderr(verbose=arguments.verbose)
    from lamppost.edge.agent import AgentError

    try:
        asyncio.run(_until_told(config))
    except AgentError as error:
        print(f"lamppost edge: {error}", file=sys.stderr)
        return FAILED
    return OK


async def _until_told(config: Config) -> None:
    from lamppost.edge.agent import Agent

    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def told() -> None:
        # A second signal finds no handler and ends the process at once.
        loop.remove_signal_handler(signal.SIGTERM)
        loop.remove_signal_handler(signal.SIGINT)
        stop.set()

    loop.add_signal_handler(signal.SIGTERM, told)
    loop.add_signal_handler(signal.SIGINT, told)
    await Agent(config).run(stop)


def _check(arguments: argparse.Namespace) -> int:
    config = load(arguments.config)
    told = {
        "node": f"{config.node.group}/{config.node.name}",
        "broker": f"{config.mqtt.host}:{config.mqtt.port}",
        "devices": len(config.devices),
        "channels": sum(len(device.channels) for device in config.devices),
    }
    if arguments.json:
        print(json.dumps(told))
    else:
        print(
            f"{arguments.config}: good: node {told['node']}, broker {told['broker']}, "
            f"{told['devices']} devices, {told['channels']} channels"
        )
    return OK


def _status(arguments: argparse.Namespace) -> int:
    from lamppost.edge import status

    config = load(arguments.config)
    try:
        found = status.read(config)
    except status.StatusError as error:
        print(f"lamppost edge: {error}", file=sys.stderr)
        return FAILED
    print(json.dumps(found.as_json()) if arguments.json else found.as_text())
    return OK


def _drivers(arguments: argparse.Namespace) -> int:
    told = {name: _summary(target) for name, target in sorted(DRIVERS.items())}
    if arguments.json:
        print(json.dumps(told))
    else:
        for name, summary in told.items():
            print(f"{name:<12} {summary}")
    return OK


def _summary(target: str) -> str:
    module = import_module(target.partition(":")[0])
    return (module.__doc__ or "").strip().partition("\n")[0]


def _log_to_stderr(*, verbose: bool) -> None:
    form = logging.Formatter(
        "%(asctime)s %(levelname)-7s %(message)s", datefmt="%Y-%m-%dT%H:%M:%SZ"
    )
    form.converter = time.gmtime
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(form)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("lamppost").setLevel(logging.DEBUG if verbose else logging.INFO)
    if not verbose:
        # Its own lines repeat what the samplers tell, once per try.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
