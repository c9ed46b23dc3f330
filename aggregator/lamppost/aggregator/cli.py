"""`lamppost aggregator`: run it, check its file, ask a running one how it is."""

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from lamppost.aggregator import maintenance_cli
from lamppost.aggregator.config import Config, load, with_data_dir
from lamppost.aggregator.settings.mqtt import host_port
from lamppost.aggregator.settings.rules import ConfigError, Problem

OK, FAILED, WRONG_USE = 0, 1, 2
TIMEOUT_S = 5.0
MAX_ANSWER_BYTES = 1_000_000
EXAMPLES = """\
examples:
  lamppost aggregator run                                  broker and console on 127.0.0.1
  lamppost aggregator run city.toml --data /var/lib/lamppost
  lamppost aggregator run --broker 10.0.0.5:1883 --store influx1+http://10.0.0.6:8086/city
  lamppost aggregator check city.toml                      is the file right?
  lamppost aggregator status http://127.0.0.1:8080 --json  how is a running one?
  lamppost aggregator maintenance begin riverside/pump-station-1/pump-1 --for 2h --reason "..."

exit code: 0 it worked, 1 it failed, 2 wrong use or configuration
"""


def main(argv: Sequence[str]) -> int:
    """Receive, judge and store the readings of all nodes."""
    arguments = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return WRONG_USE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "lamppost aggregator",
        description="Receives, judges and stores the readings of all nodes.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="work until SIGTERM or Ctrl-C")
    run.add_argument("config", nargs="?", type=Path, metavar="CONFIG.toml", help="settings")
    run.add_argument("--broker", metavar="HOST:PORT", help="MQTT broker")
    run.add_argument("--data", type=Path, metavar="DIR", help="data folder")
    run.add_argument("--console", metavar="HOST:PORT", help="console; port -1 for none")
    run.add_argument(
        "--store", metavar="URL", help="sqlite:..., influx1+http://..., influx2+..."
    )
    run.set_defaults(command=_run)
    check = commands.add_parser("check", help="tell every problem of a configuration file")
    check.add_argument("config", type=Path, metavar="CONFIG.toml")
    check.add_argument("--json", action="store_true", help="print JSON, for scripts")
    check.set_defaults(command=_check)
    status = commands.add_parser("status", help="ask a running aggregator how it is")
    status.add_argument("url", nargs="?", default="http://127.0.0.1:8080", metavar="URL")
    status.add_argument("--json", action="store_true", help="print JSON, for scripts")
    status.set_defaults(command=_status)
    maintenance_cli.add_parser(commands)
    return parser


def configured(arguments: argparse.Namespace) -> Config:
    """The configuration of a command line: the file, then what the options change.

    Raises:
        ConfigError: in file or options.
    """
    config = load(arguments.config) if arguments.config else Config()
    if arguments.broker:
        host, port = host_port(arguments.broker, "--broker")
        config = replace(config, mqtt=replace(config.mqtt, host=host, port=port))
    if arguments.console:
        host, port = host_port(arguments.console, "--console")
        config = replace(config, console=replace(config.console, host=host, port=port))
    if arguments.store:
        config = replace(config, store=replace(config.store, url=arguments.store))
    return with_data_dir(config, arguments.data) if arguments.data else config


def _run(arguments: argparse.Namespace) -> int:
    config = configured(arguments)
    file = arguments.config.name if arguments.config else "command line"
    from lamppost.register.serve import is_loopback

    if not config.console.access and not is_loopback(config.console.host):
        allowed = "an address of this machine, or access = true"
        problem = Problem(file, "[console] host", config.console.host, allowed)
        raise ConfigError((problem,))
    from lamppost.aggregator.run import run
    from lamppost.aggregator.spool.spool import SpoolLocked
    from lamppost.aggregator.store.open import StoreUrlError

    try:
        return run(config)
    except StoreUrlError as error:
        problem = Problem(file, f"[store] url ({error.what})", error.came, error.allowed)
        raise ConfigError((problem,)) from error
    except (OSError, SpoolLocked) as error:
        print(f"lamppost aggregator: {error}", file=sys.stderr)
        return FAILED


def _check(arguments: argparse.Namespace) -> int:
    try:
        load(arguments.config)
    except ConfigError as error:
        if not arguments.json:
            raise
        problems = [
            {"file": p.file, "key": p.key, "came": repr(p.came), "allowed": p.allowed}
            for p in error.problems
        ]
        print(json.dumps({"ok": False, "problems": problems}))
        return WRONG_USE
    print(json.dumps({"ok": True, "problems": []}) if arguments.json else "ok")
    return OK


def _status(arguments: argparse.Namespace) -> int:
    url = arguments.url.rstrip("/") + "/api/v0/health"
    if not url.startswith(("http://", "https://")):
        raise ConfigError((Problem("command line", "URL", arguments.url, "http://HOST:PORT"),))
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 - checked
            health = json.loads(answer.read(MAX_ANSWER_BYTES))
    except (OSError, ValueError) as error:
        print(f"lamppost aggregator: {url}: {error}", file=sys.stderr)
        return FAILED
    if arguments.json:
        print(json.dumps(health))
        return OK
    for key, value in health.items():
        print(f"{key:<16} {', '.join(value) if isinstance(value, list) else value}")
    return OK
