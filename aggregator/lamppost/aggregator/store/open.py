"""From a URL to a store."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import urllib3

from lamppost.aggregator.store.deadletter import DeadLetters
from lamppost.aggregator.store.http import READ_TIMEOUT_S, Server
from lamppost.aggregator.store.retention import RetentionRule
from lamppost.aggregator.store.seam import Store
from lamppost.aggregator.store.tokenfile import read_secret
from lamppost.wire.series import RAW

DEFAULT_URL = "sqlite:readings.db"
DEAD_LETTERS = "dead-letters.jsonl"


class StoreUrlError(ValueError):
    """A store's URL or one of its options is not what it may be."""

    def __init__(self, what: str, came: str, allowed: str) -> None:
        super().__init__(f"store {what}: {came!r} came, allowed: {allowed}")
        self.what = what
        self.came = came
        self.allowed = allowed


def open_store(url: str, data_dir: Path) -> Store:
    """Return the store of a URL, without connecting to it.

    - `sqlite:FILE` (in the data directory) or `sqlite:///PATH`; options `retain_days`,
      `max_rows`
    - `influx1+http://[USER@]HOST:PORT/CITY`; options `password_file`, `retain_days`,
      `ca_file`, `timeout_s`
    - `influx2+http://HOST:PORT/ORG/CITY`; options `token_file`, `ca_file`, `timeout_s`

    CITY is what the names of the databases or buckets begin with (`lamppost.wire.series`).
    `https` works where `http` stands. Relative file names are in the data directory, and so is
    the file of dead letters.

    Args:
        url: the URL; secrets stand in files, never in it.
        data_dir: the aggregator's data directory.

    Raises:
        StoreUrlError: the URL is none of these, or a secret's file cannot be read.
    """
    parts = urlsplit(url)
    make = _MAKERS.get(parts.scheme)
    if make is None:
        raise StoreUrlError("kind", parts.scheme or url, ", ".join(_MAKERS))
    return make(parts, _Options(parts, data_dir), data_dir)


class _Options:
    """The options of a URL; each is asked for once, and none may be left over."""

    def __init__(self, parts: SplitResult, data_dir: Path) -> None:
        self._given = dict(parse_qsl(parts.query, keep_blank_values=True))
        self._allowed: list[str] = []
        self._data_dir = data_dir

    def number(self, name: str, default: float | None) -> float | None:
        text = self._take(name)
        if text is None:
            return default
        try:
            number = float(text)
        except ValueError:
            number = 0.0
        if not 0 < number < float("inf"):
            raise StoreUrlError(name, text, "a number above 0")
        return number

    def file(self, name: str) -> Path | None:
        text = self._take(name)
        if text is None:
            return None
        path = self._data_dir / text
        if not path.is_file():
            raise StoreUrlError(name, text, "a file that exists")
        return path

    def secret(self, name: str) -> Callable[[], str]:
        """Return what reads the secret, each time anew: it may be replaced while we run."""
        path = self.file(name)
        if path is None:
            return str
        try:
            read_secret(path)
        except (OSError, ValueError) as problem:
            allowed = "a readable file with one line of text"
            raise StoreUrlError(name, str(path), allowed) from problem
        return partial(read_secret, path)

    def check_rest(self) -> None:
        if self._given:
            raise StoreUrlError("option", min(self._given), ", ".join(self._allowed))

    def _take(self, name: str) -> str | None:
        self._allowed.append(name)
        return self._given.pop(name, None)


def _sqlite(parts: SplitResult, options: _Options, data_dir: Path) -> Store:
    from lamppost.aggregator.store.sqlite import SqliteStore

    path = unquote(parts.path)
    if parts.netloc or not path.strip("/"):
        raise StoreUrlError("path", f"{parts.netloc}{path}", "sqlite:FILE or sqlite:///PATH")
    # sqlite:////path is what some tools write for an absolute path.
    file = Path("/" + path.lstrip("/")) if path.startswith("/") else data_dir / path
    default = RetentionRule()
    days = options.number("retain_days", default.days) or default.days
    rows = options.number("max_rows", default.max_rows) or default.max_rows
    options.check_rest()
    return SqliteStore(file, RetentionRule(days, int(rows)))


def _server(parts: SplitResult, options: _Options, headers: Mapping[str, str]) -> Server:
    try:
        host, port = parts.hostname, parts.port
    except ValueError as problem:
        raise StoreUrlError("port", parts.netloc.rpartition("@")[2], "0 to 65535") from problem
    if not host:
        raise StoreUrlError("host", "", "HOST or HOST:PORT")
    if parts.password is not None:
        raise StoreUrlError("password", "(not shown)", "the option password_file or token_file")
    host = f"[{host}]" if ":" in host else host
    base = f"{parts.scheme.partition('+')[2]}://{host}" + ("" if port is None else f":{port}")
    timeout_s = options.number("timeout_s", READ_TIMEOUT_S) or READ_TIMEOUT_S
    return Server(base, headers, options.file("ca_file"), timeout_s)


def _influx1(parts: SplitResult, options: _Options, data_dir: Path) -> Store:
    from lamppost.aggregator.store.influx1 import Influx1Store

    (city,) = _path(parts, "CITY")
    password = options.secret("password_file")

    def prove() -> dict[str, str]:
        if parts.username is None:
            return {}
        account = f"{unquote(parts.username)}:{password()}"
        return dict(urllib3.make_headers(basic_auth=account))

    server = _server(parts, options, prove())
    days = options.number("retain_days", RAW.retain_days)
    options.check_rest()
    return Influx1Store(server, city, DeadLetters(data_dir / DEAD_LETTERS), days, prove)


def _influx2(parts: SplitResult, options: _Options, data_dir: Path) -> Store:
    from lamppost.aggregator.store.influx2 import Influx2Store, bearing

    org, city = _path(parts, "ORG", "CITY")
    token = options.secret("token_file")
    server = _server(parts, options, {})
    options.check_rest()
    dead = DeadLetters(data_dir / DEAD_LETTERS)
    return Influx2Store(server, org, city, token(), dead, lambda: bearing(token()))


def _path(parts: SplitResult, *names: str) -> list[str]:
    found = [unquote(part) for part in parts.path.strip("/").split("/")]
    if len(found) != len(names) or not all(found):
        raise StoreUrlError("path", parts.path, "/" + "/".join(names))
    return found


_MAKERS: dict[str, Callable[[SplitResult, _Options, Path], Store]] = {
    "sqlite": _sqlite,
    "influx1+http": _influx1,
    "influx1+https": _influx1,
    "influx2+http": _influx2,
    "influx2+https": _influx2,
}
