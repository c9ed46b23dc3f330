"""The command line of the benchmarks: `lamppost bench NAME [--json]`."""

import argparse
import json
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from lamppost.bench.wrong import WrongDataError

MODULES = {
    "boards": "lamppost.bench.boards",
    "city": "lamppost.bench.city",
    "decode": "lamppost.bench.decode",
    "detect": "lamppost.bench.detect",
    "edge": "lamppost.bench.edge",
    "faults": "lamppost.bench.faults",
    "groups": "lamppost.bench.groups",
    "influx": "lamppost.bench.influx",
    "ingest": "lamppost.bench.ingest",
    "nab": "lamppost.bench.nab",
    "register": "lamppost.bench.register",
}
"""Name to module: `add_arguments(parser)`, `run(args) -> dict`; its docstring is the help."""

WRONG_USE = 2
EXAMPLES = """\
examples:
  lamppost bench decode
  lamppost bench decode --json
"""


def main(argv: Sequence[str]) -> int:
    """Measure Lamppost beside a peer, in the same run (decode, ingest, edge)."""
    args = _parser(argv).parse_args(list(argv))
    try:
        result: dict[str, Any] = import_module(MODULES[args.benchmark]).run(args)
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
    asked = next((word for word in argv if word in MODULES), None)
    for name, path in MODULES.items():
        own = names.add_parser(name, help=f"see `lamppost bench {name} --help`")
        own.add_argument("--json", action="store_true", help="print one JSON object")
        if name == asked:
            module = import_module(path)
            own.description = (module.__doc__ or "").strip()
            own.formatter_class = argparse.RawDescriptionHelpFormatter
            module.add_arguments(own)
    return parser


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
