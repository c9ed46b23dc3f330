"""The command line of the benchmarks: `lamppost bench NAME [--json]`."""

import argparse
import json
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from lamppost.bench.wrong import WrongDataError

BENCHMARKS = {
    "boards": "panels of the City overview on 100,000 series, asked of InfluxDB",
    "city": "the city's rows of a minute, out of 100,000 channels",
    "decode": "payloads of 100 metrics into columns, beside protobuf",
    "detect": "points a second and bytes a series of every tier, beside River",
    "edge": "memory and processor time of the agent, beside a naive poller",
    "faults": "sensor faults put into healthy series: found, rightly typed, false alarms",
    "groups": "groups of sensors: found, false alarms, rightly learned",
    "influx": "lines and the way to InfluxDB, beside Point objects; an outage made up for",
    "ingest": "broker to judged and durable, beside plain Python",
    "nab": "the judge over the Numenta Anomaly Benchmark: scores, strict hits, false alarms",
    "register": "lists and API calls of a large city, births, indicators of a month",
}
"""Name of a module of this folder to what it measures. Each has `add_arguments(parser)` and
`run(args) -> dict`; its docstring is the help."""

WRONG_USE = 2
EXAMPLES = """\
examples:
  lamppost bench decode                          for people
  lamppost bench decode --json                   one JSON object, for scripts
  lamppost bench nab --data PATH --out DIR       scores, and a CSV of each series
  lamppost bench faults --data PATH --seed 11 --rounds 3
"""


def main(argv: Sequence[str]) -> int:
    """Measure Lamppost beside a peer, in the same run."""
    args = _parser(argv).parse_args(list(argv))
    try:
        result: dict[str, Any] = _module(args.benchmark).run(args)
    except WrongDataError as error:
        print(f"lamppost bench {args.benchmark}: error: {error}", file=sys.stderr)
        return WRONG_USE
    if args.json:
        print(json.dumps(result))
        return 0
    for name, value in result.items():
        print(f"{name:<20} {_text(value)}")
    return 0


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Only the module that is asked for is imported, so `--help` stays quick."""
    parser = argparse.ArgumentParser(
        prog="lamppost bench",
        description=(main.__doc__ or "").strip(),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = parser.add_subparsers(dest="benchmark", required=True, metavar="NAME")
    asked = next((word for word in argv if word in BENCHMARKS), None)
    for name, what in BENCHMARKS.items():
        own = names.add_parser(name, help=what)
        own.add_argument("--json", action="store_true", help="print one JSON object")
        if name == asked:
            module = _module(name)
            own.description = (module.__doc__ or "").strip()
            own.formatter_class = argparse.RawDescriptionHelpFormatter
            module.add_arguments(own)
    return parser


def _module(name: str) -> ModuleType:
    return import_module(f"lamppost.bench.{name}")


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
