"""The `lamppost` command: finds the subcommands that the installed distributions offer.

Each distribution names its own under the entry-point group `lamppost.commands`; the entry point
is a function `main(argv) -> int` whose docstring's first line is its help. A node that has only
the edge installed therefore offers only `lamppost edge`.
"""

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, entry_points, version

GROUP = "lamppost.commands"
USAGE_ERROR = 2

Main = Callable[[Sequence[str]], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the subcommand that `argv` names and return its exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    offered = {entry.name: entry for entry in entry_points(group=GROUP)}
    if not args or args[0] in {"-h", "--help"}:
        print(_overview(offered))
        return 0 if args else USAGE_ERROR
    if args[0] == "--version":
        print(f"lamppost {version('lamppost-wire')}")
        return 0
    if args[0] not in offered:
        known = ", ".join(sorted(offered)) or "none"
        print(f"lamppost: no command {args[0]!r} here; installed: {known}", file=sys.stderr)
        return USAGE_ERROR
    run: Main = offered[args[0]].load()
    return run(args[1:])


def _overview(offered: dict[str, EntryPoint]) -> str:
    lines = ["usage: lamppost COMMAND ...", "", "commands installed here:"]
    for name in sorted(offered):
        summary = (offered[name].load().__doc__ or "").strip().partition("\n")[0]
        lines.append(f"  {name:<12} {summary}")
    lines += ["", "`lamppost COMMAND --help` tells more, with examples."]
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
