"""`lamppost register token` and `lamppost register user`: who may come in."""

import argparse
import getpass
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lamppost.register.access.rules import ROLES, TOKEN_DAYS_MAX
from lamppost.register.commanding import OK, UsageError, add, say, who

if TYPE_CHECKING:
    from lamppost.register.access.accounts import Account, Districts
    from lamppost.register.access.tokens import Token
    from lamppost.register.records.store import Register

DAYS_DEFAULT = 90


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type to itself
    """Add them to a command line."""
    _add_users(commands)
    parser = commands.add_parser("token", help="API tokens: add, list, revoke")
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    adding = add(deeds, "add", _add, "make a token; its secret is shown once")
    adding.add_argument("name", help="what it is for; deeds are entered under it")
    _add_scope(adding)
    told = f"how long it holds, 1 to {TOKEN_DAYS_MAX} (default: {DAYS_DEFAULT})"
    adding.add_argument("--days", type=int, default=DAYS_DEFAULT, metavar="N", help=told)
    add(deeds, "list", _list, "list all tokens, without their secrets")
    revoking = add(deeds, "revoke", _revoke, "end a token now")
    revoking.add_argument("id", help="its id, as `token list` shows it")


def _add_users(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type to itself
    parser = commands.add_parser("user", help="users: add, list, role, passwd, disable, enable")
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    adding = add(deeds, "add", _add_user, "enter a user; asks for the password, or reads stdin")
    named = "the name; deeds are entered under it"
    adding.add_argument("name", help=named)
    _add_scope(adding)
    add(deeds, "list", _list_users, "list all users")
    changing = add(deeds, "role", _set_role, "another role, and these districts or all")
    changing.add_argument("name", help=named)
    _add_scope(changing)
    for deed, command, told in (
        (
            "passwd",
            _set_password,
            "another password, as in `user add`; ends the sessions",
        ),
        ("disable", _disable, "let a user in no more; ends the sessions"),
        ("enable", _enable, "let a disabled user in again"),
    ):
        add(deeds, deed, command, told).add_argument("name", help=named)


def _add_scope(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--role", required=True, choices=ROLES, help="what it may do")
    told = "only what is in this district; may be repeated (default: the whole city)"
    parser.add_argument("--district", action="append", metavar="NAME", help=told)


def _add(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.access.tokens import SHOWN_CHARS, issue

    with register.changing(who(arguments)) as writer:
        secret = issue(
            writer, arguments.name, arguments.role, arguments.days, arguments.district
        )
    if arguments.json:
        say(json.dumps({"id": secret[:SHOWN_CHARS], "secret": secret}))
    else:
        say(secret)
    return OK


def _list(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.access.tokens import every

    with register.database.reading() as connection:
        tokens = every(connection)
    for one in tokens:
        say(json.dumps(asdict(one)) if arguments.json else _line(one, register.now_ms()))
    return OK


def _line(one: "Token", now_ms: int) -> str:
    ends = datetime.fromtimestamp(one.expires_ms / 1_000, UTC).date()
    state = "holds" if one.holds(now_ms) else "revoked" if one.revoked_ms else "expired"
    where = _where(one.districts)
    return f"{one.id}  {one.role:<8}  {state:<7}  until {ends}  {where}  {one.name}"


def _where(districts: "Districts") -> str:
    return "whole city" if districts is None else ", ".join(districts)


def _revoke(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.access.tokens import revoke

    with register.changing(who(arguments)) as writer:
        ended = revoke(writer, arguments.id)
    say(f"{arguments.id}: {'revoked' if ended else 'was revoked before'}")
    return OK


def _add_user(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.access import accounts

    password = _password(arguments.name)
    with register.changing(who(arguments)) as writer:
        accounts.add(
            writer, arguments.name, arguments.role, arguments.district, password=password
        )
    say(f"{arguments.name}: {arguments.role}, {_where(accounts.named(arguments.district))}")
    return OK


def _list_users(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.access import accounts

    with register.database.reading() as connection:
        users = accounts.every(connection)
    for one in users:
        say(json.dumps(asdict(one)) if arguments.json else _user_line(one))
    return OK


def _user_line(one: "Account") -> str:
    state = "disabled" if one.disabled_ms else "may come in"
    way = "password" if one.has_password else "OIDC"
    return f"{one.id}  {one.role:<8}  {state:<11}  {way:<8}  {_where(one.districts)}"


def _set_role(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.access import accounts

    with register.changing(who(arguments)) as writer:
        changed = accounts.set_role(writer, arguments.name, arguments.role, arguments.district)
    where = _where(accounts.named(arguments.district))
    word = "" if changed else " as before"
    say(f"{arguments.name}: {arguments.role}, {where}{word}")
    return OK


def _set_password(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.access import accounts

    password = _password(arguments.name)
    with register.changing(who(arguments)) as writer:
        accounts.set_password(writer, arguments.name, password)
    say(f"{arguments.name}: has another password; all sessions are ended")
    return OK


def _disable(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.access import accounts

    with register.changing(who(arguments)) as writer:
        ended = accounts.disable(writer, arguments.name)
    say(f"{arguments.name}: {'disabled' if ended else 'was disabled before'}")
    return OK


def _enable(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.access import accounts

    with register.changing(who(arguments)) as writer:
        opened = accounts.enable(writer, arguments.name)
    say(f"{arguments.name}: {'may come in' if opened else 'was not disabled'}")
    return OK


def _password(name: str) -> str:
    """Ask for a password twice, or read one line of stdin; never from the command line.

    Raises:
        UsageError: the two differ.
        RefusedError: it is no password.
    """
    from lamppost.register.access import passwords

    if not sys.stdin.isatty():
        given = sys.stdin.readline(passwords.CHARS_MAX + 2).rstrip("\r\n")
        return passwords.checked(name, given)
    first = passwords.checked(name, getpass.getpass(f"Password of {name}: "))
    if getpass.getpass("Once more: ") != first:
        raise UsageError("password: came two different ones, allowed: the same twice")
    return first
