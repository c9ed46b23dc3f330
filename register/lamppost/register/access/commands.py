"""`lamppost register token`: API tokens for scripts."""

import argparse
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from lamppost.register.access.rules import ROLES
from lamppost.register.access.tokens import DAYS_MAX, SHOWN_CHARS, Token, every, issue, revoke
from lamppost.register.commanding import OK, add, say, who
from lamppost.register.records.store import Register

DAYS_DEFAULT = 90


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type to itself
    """Add them to a command line."""
    parser = commands.add_parser("token", help="API tokens: add, list, revoke")
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    adding = add(deeds, "add", _add, "make a token; its secret is shown once")
    adding.add_argument("name", help="what it is for; deeds are entered under it")
    adding.add_argument("--role", required=True, choices=ROLES, help="what it may do")
    told = f"how long it holds, 1 to {DAYS_MAX} (default: {DAYS_DEFAULT})"
    adding.add_argument("--days", type=int, default=DAYS_DEFAULT, metavar="N", help=told)
    add(deeds, "list", _list, "list all tokens, without their secrets")
    revoking = add(deeds, "revoke", _revoke, "end a token now")
    revoking.add_argument("id", help="its id, as `token list` shows it")


def _add(register: Register, arguments: argparse.Namespace) -> int:
    with register.changing(who(arguments)) as writer:
        secret = issue(writer, arguments.name, arguments.role, arguments.days)
    if arguments.json:
        say(json.dumps({"id": secret[:SHOWN_CHARS], "secret": secret}))
    else:
        say(secret)
    return OK


def _list(register: Register, arguments: argparse.Namespace) -> int:
    with register.database.reading() as connection:
        tokens = every(connection)
    for one in tokens:
        say(json.dumps(asdict(one)) if arguments.json else _line(one, register.now_ms()))
    return OK


def _line(one: Token, now_ms: int) -> str:
    ends = datetime.fromtimestamp(one.expires_ms / 1_000, UTC).date()
    state = "holds" if one.holds(now_ms) else "revoked" if one.revoked_ms else "expired"
    return f"{one.id}  {one.role:<8}  {state:<7}  until {ends}  {one.name}"


def _revoke(register: Register, arguments: argparse.Namespace) -> int:
    with register.changing(who(arguments)) as writer:
        ended = revoke(writer, arguments.id)
    say(f"{arguments.id}: {'revoked' if ended else 'was revoked before'}")
    return OK
