"""`lamppost influx`: make an InfluxDB ready for a city."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

import urllib3

from lamppost.aggregator.store.http import Http, Server
from lamppost.aggregator.store.seam import StoreError
from lamppost.aggregator.store.setup import Admin, Outcome, Wish, days_text, version_of
from lamppost.aggregator.store.setup1 import Admin1
from lamppost.aggregator.store.setup2 import Admin2
from lamppost.aggregator.store.tokenfile import read_secret
from lamppost.wire.series import CITY, CITY_ALLOWED, DATABASES

OK, FAILED, WRONG_USE = 0, 1, 2
MAX_DAYS = 36_500
EXAMPLES = """\
examples:
  lamppost influx setup http://127.0.0.1:8086                      InfluxDB 1.x without users
  lamppost influx setup https://db.example:8086 --city riverside \\
      --user admin --password-file admin.password                  InfluxDB 1.x with users
  lamppost influx setup https://db.example:8086 --city riverside --org city-works \\
      --token-file admin.token --token-dir /etc/lamppost --json    InfluxDB 2.x

Running it again makes what is missing and changes nothing else. No secret is ever printed.

exit code: 0 it worked, 1 it failed, 2 wrong use
"""


class WrongUse(ValueError):  # noqa: N818 - what a person did, told as it is
    """An argument is not what it may be."""

    def __init__(self, option: str, came: object, allowed: str) -> None:
        super().__init__(f"{option}: came {came!r}, allowed: {allowed}")


def main(argv: Sequence[str]) -> int:
    """Make an InfluxDB ready for a city: databases, mappings and tokens."""
    arguments = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except WrongUse as error:
        print(f"lamppost influx: {error}", file=sys.stderr)
        return WRONG_USE
    except (StoreError, OSError, ValueError) as error:
        print(f"lamppost influx: {error}", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "lamppost influx",
        description="Makes an InfluxDB ready for a city.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    setup = commands.add_parser(
        "setup",
        help="make databases with their retention, mappings and scoped tokens",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    setup.add_argument("url", metavar="URL", help="http://HOST:PORT or https://HOST:PORT")
    setup.add_argument(
        "--city", default="lamppost", help="what the databases' names begin with"
    )
    setup.add_argument("--org", default="", help="organisation (2.x); the only one by default")
    setup.add_argument("--token-file", type=Path, help="token that may make all this (2.x)")
    setup.add_argument("--user", default="", help="administrator (1.x); the first is made")
    setup.add_argument("--password-file", type=Path, help="that user's password (1.x)")
    setup.add_argument("--ca-file", type=Path, help="certificates to trust")
    for known in DATABASES:
        setup.add_argument(
            f"--{known.role}-days",
            type=float,
            default=float(known.retain_days),
            metavar="N",
            help=f"retention of the {known.role} database, 0 for ever ({known.retain_days})",
        )
    setup.add_argument(
        "--change-retention",
        action="store_true",
        help="also of databases that exist; a shorter one deletes what is older",
    )
    setup.add_argument(
        "--token-dir",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="where files of tokens and passwords go",
    )
    setup.add_argument("--json", action="store_true", help="print JSON, for scripts")
    setup.set_defaults(command=_setup)
    return parser


def _setup(arguments: argparse.Namespace) -> int:
    wish = _wish(arguments)
    http = Http(Server(_url(arguments.url), _headers(arguments), _ca_file(arguments.ca_file)))
    try:
        version = version_of(http)
        outcome = _admin(version, http, arguments).setup(wish, version)
    finally:
        http.close()
    print(json.dumps(asdict(outcome)) if arguments.json else _told(outcome))
    return OK


def _admin(version: str, http: Http, arguments: argparse.Namespace) -> Admin:
    major = version.partition(".")[0]
    if major == "1":
        return Admin1(http, arguments.user, arguments.password_file)
    if major == "2":
        if arguments.token_file is None:
            raise WrongUse("--token-file", None, f"a file, InfluxDB {version} wants a token")
        return Admin2(http)
    names = ", ".join(known.named(arguments.city) for known in DATABASES)
    raise WrongUse(
        "URL", f"InfluxDB {version}", f"1.x and 2.x; make {names} with its own tools"
    )


def _wish(arguments: argparse.Namespace) -> Wish:
    if not CITY.fullmatch(arguments.city):
        raise WrongUse("--city", arguments.city, CITY_ALLOWED)
    days: dict[str, float] = {}
    for known in DATABASES:
        came = getattr(arguments, f"{known.role}_days")
        if not 0 <= came <= MAX_DAYS:
            raise WrongUse(f"--{known.role}-days", came, f"0 to {MAX_DAYS}")
        days[known.role] = came
    return Wish(
        arguments.city, arguments.org, days, arguments.change_retention, arguments.token_dir
    )


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise WrongUse("URL", text.rpartition("@")[2], "http://HOST:PORT or https://HOST:PORT")
    if "@" in parts.netloc:
        raise WrongUse("URL", "(not shown)", "--user and --password-file, or --token-file")
    try:
        _ = parts.port
    except ValueError as error:
        raise WrongUse("URL", parts.netloc, "a port of 0 to 65535") from error
    return f"{parts.scheme}://{parts.netloc}"


def _headers(arguments: argparse.Namespace) -> Mapping[str, str]:
    if arguments.token_file is not None:
        token = _secret("--token-file", arguments.token_file)
        return {"Authorization": f"Token {token}"}
    if not arguments.user:
        return {}
    password = ""
    if arguments.password_file is not None:
        password = _secret("--password-file", arguments.password_file)
    return dict(urllib3.make_headers(basic_auth=f"{arguments.user}:{password}"))


def _secret(option: str, path: Path) -> str:
    try:
        secret = read_secret(path)
    except (OSError, ValueError) as error:
        raise WrongUse(option, str(path), "a readable file with one line of text") from error
    if not secret:
        raise WrongUse(option, str(path), "a file that exists")
    return secret


def _ca_file(path: Path | None) -> Path | None:
    if path is not None and not path.is_file():
        raise WrongUse("--ca-file", str(path), "a file that exists")
    return path


def _told(outcome: Outcome) -> str:
    lines = [f"InfluxDB {outcome.version}"]
    lines += [
        f"database {one.name:<24} {days_text(one.retain_days):<10} {one.state}"
        for one in outcome.databases
    ]
    lines += [f"mapping  {one.database:<35} {one.state}" for one in outcome.mappings]
    lines += [
        f"{'user' if one.user else 'token':<8} {one.user}{' ' * bool(one.user)}{one.file} "
        f"({one.rights}) {one.state}"
        for one in outcome.tokens
    ]
    lines += [f"note: {note}" for note in outcome.notes]
    return "\n".join([*lines, "", "[store]", f'url = "{outcome.store_url}"'])
