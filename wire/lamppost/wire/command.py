"""The `lamppost` command: finds the subcommands that the installed distributions offer.

Each distribution names its own under the entry-point group `lamppost.commands`; the entry point
is a function `main(argv) -> int` whose docstring's first line is its help. A node that has only
the edge installed therefore offers only `lamppost edge`.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points, version

GROUP = "lamppost.commands"
OK, FAILED, USAGE_ERROR = 0, 1, 2

Main = Callable[[Sequence[str]], int]


def main(
    argv: Sequence[str] | None = None, commands: Iterable[EntryPoint] | None = None
) -> int:
    """Run the subcommand that `argv` names and return its exit code.

    Args:
        argv: Words after `lamppost`; those of the process by default.
        commands: Where the subcommands are; what is installed by default.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    found = entry_points(group=GROUP) if commands is None else commands
    offered = {entry.name: entry for entry in found}
    if not args or args[0] in {"-h", "--help"}:
        print(_overview(offered))
        return OK if args else USAGE_ERROR
    if args[0] == "--version":
        print(f"lamppost {version('lamppost-wire')}")
        return OK
    if args[0] not in offered:
        known = ", ".join(sorted(offered)) or "none"
        print(f"lamppost: no command {args[0]!r} here; installed: {known}", file=sys.stderr)
        return USAGE_ERROR
    try:
        run: Main = offered[args[0]].load()
    except (ImportError, AttributeError) as error:
        print(f"lamppost: {args[0]} cannot be loaded: {error}", file=sys.stderr)
        return FAILED
    return run(args[1:])


def _overview(offered: dict[str, EntryPoint]) -> str:
    lines = ["usage: lamppost COMMAND ...", "", "commands installed here:"]
    lines += [f"  {name:<12} {_summary(offered[name])}" for name in sorted(offered)]
    lines += ["", "`lamppost COMMAND --help` tells more, with examples."]
    return "\n".join(lines)


def _summary(entry: EntryPoint) -> str:
    # One distribution that is not whole must not take the help for the others away.
    try:
        return (entry.load().__doc__ or "").strip().partition("\n")[0]
    except (ImportError, AttributeError) as error:
        return f"(cannot be loaded: {error})"


if __name__ == "__main__":
    raise SystemExit(main())
