"""`lamppost register seed`: a made-up city to try things out with."""

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from lamppost.register.commanding import OK, UsageError, add, say
from lamppost.register.seed.size import ASSETS_DEFAULT, ASSETS_MAX, ASSETS_MIN

if TYPE_CHECKING:
    from lamppost.register.records.store import Register


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type to itself
    """Add it to a command line."""
    seeding = add(commands, "seed", _seed, "fill an empty register with a made-up city")
    seeding.add_argument(
        "--demo-city", action="store_true", required=True, help="yes, a made-up city"
    )
    told = f"about how many assets, {ASSETS_MIN} to {ASSETS_MAX} (default: {ASSETS_DEFAULT})"
    seeding.add_argument("--assets", type=int, default=ASSETS_DEFAULT, metavar="N", help=told)


def _seed(register: "Register", arguments: argparse.Namespace) -> int:
    if not ASSETS_MIN <= arguments.assets <= ASSETS_MAX:
        allowed = f"{ASSETS_MIN} to {ASSETS_MAX}"
        raise UsageError(f"--assets: came {arguments.assets}, allowed: {allowed}")
    from lamppost.register.seed.parts import PARTS
    from lamppost.register.seed.seeding import Seeding, seed_city

    seeding = Seeding(register, register.now_ms(), arguments.assets)
    seed_city(seeding, PARTS, _tell)
    if arguments.json:
        say(json.dumps({"database": register.address, **seeding.counts}))
    else:
        told = ", ".join(f"{number} {name}" for name, number in seeding.counts.items())
        say(f"{register.address}: {told}")
    return OK


def _tell(part: str) -> None:
    print(f"seeding {part}", file=sys.stderr)
