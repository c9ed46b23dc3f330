"""`lamppost demo`."""

import argparse
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from lamppost.sim.broker import BrokerError
from lamppost.sim.demo.narrator import Narrator
from lamppost.sim.demo.plan import LONGEST_S, SHORTEST_S
from lamppost.sim.demo.run import DemoError, Settings, run_demo

FAILED = 1
USAGE_ERROR = 2

EXAMPLES = """\
examples:
  lamppost demo                              until Ctrl-C; look at http://127.0.0.1:8080
  lamppost demo --for 60 --json out.json     without a person; exit 0 only when every reading
                                             is accounted for and both faults were told apart
  lamppost demo --keep ./city --port 8090    keep logs, buffers and labels in ./city
"""


def main(argv: Sequence[str]) -> int:
    """A small simulated city with a leak and a stuck sensor, end to end."""
    parser = _parser()
    args = parser.parse_args(list(argv))
    if args.for_s is not None and not SHORTEST_S <= args.for_s <= LONGEST_S:
        parser.error(f"--for: came {args.for_s:g}, allowed: {SHORTEST_S:g} to {LONGEST_S:g} s")
    if args.json is not None and not args.json.resolve().parent.is_dir():
        parser.error(f"--json: came {args.json}, but there is no folder {args.json.parent}")
    if not _port_free(args.port):
        parser.error(f"--port: {args.port} is in use on 127.0.0.1; choose another one")

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    narrator = Narrator()
    with nullcontext(args.keep) if args.keep else tempfile.TemporaryDirectory() as home:
        settings = Settings(
            directory=Path(home).resolve(),
            port=args.port,
            seed=args.seed,
            broker=None if args.broker == "auto" else args.broker,
            for_s=args.for_s,
        )
        try:
            report = run_demo(
                settings, narrator, stopped=ended.is_set, sleep=lambda s: _nap(ended, s)
            )
        except (DemoError, BrokerError, OSError) as error:
            print(f"lamppost demo: {error}", file=sys.stderr)
            return FAILED
    narrator.report(report)
    if args.json is not None:
        args.json.write_text(report.as_json() + "\n", encoding="utf-8")
    return 0 if report.passed or args.for_s is None else FAILED


def _nap(ended: threading.Event, seconds: float) -> None:
    """Sleep, but not past a Ctrl-C; afterwards naps are short so that settling goes on."""
    if ended.wait(seconds):
        threading.Event().wait(min(seconds, 0.2))


def _port_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lamppost demo",
        description="Run a small simulated city with a leak and a stuck sensor, end to end.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--for", dest="for_s", type=float, metavar="SECONDS",
        help=f"end by itself, {SHORTEST_S:g} s at the least (default: until Ctrl-C)",
    )  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there")
    parser.add_argument("--port", type=int, default=8080, help="of the console (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the city (%(default)s)")
    parser.add_argument(
        "--broker", choices=("auto", "mosquitto", "amqtt"), default="auto",
        help="auto takes mosquitto where it is installed, else the pip-only amqtt",
    )  # fmt: skip
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep logs, buffers and labels there"
    )
    return parser
