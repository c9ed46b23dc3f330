"""`lamppost register resources` and `impact`: the map from the command line."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lamppost.register.commanding import OK, add, say, who
from lamppost.register.records.values import PAGE_MAX
from lamppost.register.resources.values import BORN, KINDS

if TYPE_CHECKING:
    from lamppost.register.records.store import Register

SHOWN = ("id", "kind", "name", "owner", "steward", "access", "review_due_on")
FACTS = ("owner", "steward", "licence", "purpose", "gathers_class", "gathers_group")
ITEMS_SHOWN = 20
BARRIERS_SHOWN = 100


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type to itself
    """Add them to a command line."""
    whole = commands.add_parser("resources", help="list, add and attest data resources")
    parts = whole.add_subparsers(required=True, metavar="WHAT")
    listing = add(parts, "list", _list, "list data resources that hold now")
    listing.add_argument("--kind", choices=(*KINDS, *BORN))
    listing.add_argument("--all", action="store_true", help="those that have ended, too")
    adding = add(parts, "add", _add, "enter a data resource")
    adding.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    adding.add_argument("id", metavar="ID")
    adding.add_argument("name", metavar="NAME")
    for fact in FACTS:
        adding.add_argument(f"--{fact.replace('_', '-')}", metavar="TEXT")
    attesting = add(parts, "attest", _attest, "say that what is written of one is true")
    attesting.add_argument("id", metavar="ID")
    attesting.add_argument("--version", type=int, required=True, help="which you have read")
    attesting.add_argument("--review-due", metavar="DAY", help="when to look again")
    hindering = add(commands, "barriers", _barriers, "what hinders using data together")
    hindering.add_argument("--kind", choices=("stream", "dataset", "service"))
    breaking = add(commands, "impact", _impact, "what breaks when a node or resource goes")
    breaking.add_argument("id", metavar="ID", help="KIND:ID, or an id that only one thing has")


def _list(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.records import reading
    from lamppost.register.records.reading import Wanted
    from lamppost.register.resources.reading import RESOURCES

    if not arguments.json:
        say("\t".join(SHOWN))
    after: str | None = ""
    while after is not None:
        state: Any = "all" if arguments.all else "open"
        wanted = Wanted({"kind": arguments.kind}, state=state, after=after, limit=PAGE_MAX)
        with register.database.reading() as connection:
            page = reading.page(connection, RESOURCES, wanted)
        for one in page.items:
            cells = ("" if v is None else str(v) for v in (getattr(one, n) for n in SHOWN))
            say(json.dumps(asdict(one)) if arguments.json else "\t".join(cells))
        after = page.next
    return OK


def _add(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.records.deciding import known
    from lamppost.register.resources import deciding

    facts = {name: getattr(arguments, name) for name in FACTS}
    said = {name: value for name, value in facts.items() if value is not None}
    with register.changing(who(arguments)) as writer:
        one = deciding.enter(
            writer, arguments.id, arguments.kind, said | {"name": arguments.name}
        )
        row = dict(known(writer, "resource", one))
    say(json.dumps(row) if arguments.json else f"{row['kind']}:{one} at version 1")
    return OK


def _attest(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.records.deciding import known
    from lamppost.register.resources import deciding

    by, one = who(arguments), arguments.id
    with register.changing(by) as writer:
        deciding.attest(writer, one, by, arguments.version, arguments.review_due)
        row = dict(known(writer, "resource", one))
    told = f"{one} attested by {by}, now at version {row['version']}"
    say(json.dumps(row) if arguments.json else told)
    return OK


def _impact(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.resources import graph
    from lamppost.register.resources.loading import world

    with register.database.reading() as connection:
        whole = world(connection).graph
    told = graph.impact(whole, graph.resolved(whole, arguments.id))
    if arguments.json:
        say(json.dumps(asdict(told)))
        return OK
    say(f"{told.thing.key}: {_counts(told.lost)} lost, {_counts(told.thinned)} with less")
    for hit in told.items[:ITEMS_SHOWN]:
        fate = "lost" if hit.lost else "less"
        say(f"{fate}\t{hit.key}\t{hit.owner or 'no owner'}")
    if told.total > ITEMS_SHOWN:
        say(f"... and {told.total - ITEMS_SHOWN} more; --json tells up to {graph.THINGS_MAX:,}")
    return OK


def _barriers(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.resources.barriers import barriers
    from lamppost.register.resources.loading import world

    with register.database.reading() as connection:
        told = barriers(world(connection))
    items = [one for one in told.items if arguments.kind in {None, one.kind}]
    if arguments.json:
        counts = {"things": told.things, "free": told.free, "rules": told.rules}
        say(json.dumps({**counts, "items": [asdict(one) for one in items]}))
        return OK
    for one in items[:BARRIERS_SHOWN]:
        name = one.name if one.name.isprintable() else repr(one.name)
        say(f"{one.kind}\t{name}\t{one.rule}\t{one.told}: {one.remedy}")
    if len(items) > BARRIERS_SHOWN:
        say(f"... and {len(items) - BARRIERS_SHOWN} more; --json tells all")
    say(f"{told.free} of {told.things} streams, datasets and services have no barrier")
    for rule, number in told.rules.items():
        say(f"{number}\t{rule}")
    return OK


def _counts(by_kind: dict[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in by_kind.items()) or "nothing"
