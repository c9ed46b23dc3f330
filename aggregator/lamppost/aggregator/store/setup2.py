"""The setup of InfluxDB 2.x: buckets, mappings for InfluxQL, and scoped tokens."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from lamppost.aggregator.store.http import Http
from lamppost.aggregator.store.linewriter import message_of
from lamppost.aggregator.store.seam import StoreRefused, StoreUnreachable
from lamppost.aggregator.store.setup import (
    CHANGED,
    KEPT,
    MADE,
    REPLACED,
    RIGHTS,
    DatabaseState,
    MappingState,
    Outcome,
    TokenState,
    Wish,
    notes_on,
    options,
    retention_state,
)
from lamppost.aggregator.store.tokenfile import keep_secret, read_secret
from lamppost.wire.series import DATABASES, Database

DAY_S = 86_400
POLICY = "autogen"
WRITES, WRITES_NOT = (204,), (401, 403, 404)
MAX_ORGS = 100  # as many as the server tells at once
MAX_NAMES = 10


class Bucket(NamedTuple):
    """A bucket of the city."""

    name: str
    id: str


@dataclass(frozen=True, slots=True)
class _Org:
    name: str
    id: str


class Admin2:
    """Makes buckets, mappings and tokens on an InfluxDB 2.x.

    Args:
        http: the server, with the headers of a token that may make them.
    """

    def __init__(self, http: Http) -> None:
        self._http = http

    def setup(self, wish: Wish, version: str) -> Outcome:
        """Make what is missing; see `Admin.setup`."""
        org = self._org(wish.org)
        states, buckets = [], []
        for database in DATABASES:
            state, bucket = self._bucket(database, wish, org)
            states.append(state)
            buckets.append(bucket)
        databases = tuple(states)
        mappings = tuple(self._mapping(bucket, org) for bucket in buckets)
        notes = list(notes_on(databases, wish))
        tokens = tuple(self._token(role, wish, org, buckets, notes) for role in RIGHTS)
        scheme, host = urlsplit(self._http.server.url)[:2]
        url = f"influx2+{scheme}://{host}/{quote(org.name, safe='')}/{wish.city}"
        url += options(token_file=Path(tokens[0].file), ca_file=self._http.server.ca_file)
        return Outcome(version, databases, mappings, tokens, url, tuple(notes))

    def _org(self, name: str) -> _Org:
        orgs = self._ask("GET", f"/api/v2/orgs?limit={MAX_ORGS}")["orgs"]
        found = {org["name"]: org["id"] for org in orgs}
        if not name and len(found) == 1:
            (name,) = found
        if name in found:
            return _Org(name, found[name])
        some = ", ".join(sorted(found)[:MAX_NAMES]) or "none that this token may see"
        raise StoreRefused(f"organisation {name!r} came, allowed: {some}")

    def _bucket(
        self, database: Database, wish: Wish, org: _Org
    ) -> tuple[DatabaseState, Bucket]:
        name, wanted = database.named(wish.city), wish.seconds(database)
        rules = [{"type": "expire", "everySeconds": wanted}] if wanted else []
        found = self._named(self._http, name, org)
        if found is None:
            body = {"orgID": org.id, "name": name, "retentionRules": rules}
            made = self._ask("POST", "/api/v2/buckets", body)
            new = DatabaseState(name, database.role, wanted / DAY_S, MADE)
            return new, Bucket(name, made["id"])
        seconds = sum(rule["everySeconds"] for rule in found["retentionRules"])
        state = retention_state(wish, seconds, wanted)
        if state == CHANGED:
            path = f"/api/v2/buckets/{found['id']}"
            self._ask("PATCH", path, {"retentionRules": rules})
            seconds = wanted
        days = seconds / DAY_S
        return DatabaseState(name, database.role, days, state), Bucket(name, found["id"])

    def _named(self, http: Http, name: str, org: _Org) -> Mapping[str, Any] | None:
        """Return a bucket that the headers of `http` may read, or None."""
        path = "/api/v2/buckets?" + urlencode({"orgID": org.id, "name": name})
        answer = http.request("GET", path)
        if answer.status in (401, 404):
            return None
        buckets = _checked(answer.status, answer.data, str(answer.reason))["buckets"]
        return next((one for one in buckets if one["name"] == name), None)

    def _mapping(self, bucket: Bucket, org: _Org) -> MappingState:
        """Map the bucket's name to it explicitly: not every 2.x does it by itself."""
        path = "/api/v2/dbrps?" + urlencode({"orgID": org.id, "db": bucket.name})
        for one in self._ask("GET", path)["content"]:
            if one["default"] and not one.get("virtual") and one["database"] == bucket.name:
                if one["bucketID"] == bucket.id:
                    return MappingState(bucket.name, KEPT)
                raise StoreRefused(
                    f"database {bucket.name!r} is mapped to bucket {one['bucketID']}, allowed: "
                    f"{bucket.id}; delete mapping {one['id']}, or take another name"
                )
        ids = {"orgID": org.id, "bucketID": bucket.id}
        new = {"database": bucket.name, "retention_policy": POLICY, "default": True}
        self._ask("POST", "/api/v2/dbrps", ids | new)
        return MappingState(bucket.name, MADE)

    def _token(
        self, role: str, wish: Wish, org: _Org, buckets: Sequence[Bucket], notes: list[str]
    ) -> TokenState:
        rights = RIGHTS[role]
        path = wish.token_dir.absolute() / f"{wish.city}-{role}.token"
        old = read_secret(path)
        state = TokenState(role, ", ".join(rights), str(path), KEPT)
        if old and self._has(old, rights, org, buckets):
            return state
        description = f"lamppost {wish.city}: {role}"
        older = self._ask("GET", "/api/v2/authorizations?" + urlencode({"orgID": org.id}))
        count = sum(one["description"] == description for one in older["authorizations"])
        if count:
            notes.append(
                f"{count} older tokens {description!r} exist; delete them when nobody uses them"
            )
        body = {
            "orgID": org.id,
            "description": description,
            "permissions": [
                {
                    "action": action,
                    "resource": {"type": "buckets", "id": bucket.id, "orgID": org.id},
                }
                for bucket in buckets
                for action in rights
            ],
        }
        keep_secret(
            path, lambda: str(self._ask("POST", "/api/v2/authorizations", body)["token"])
        )
        return TokenState(role, state.rights, state.file, REPLACED if old else MADE)

    def _has(
        self, token: str, rights: Sequence[str], org: _Org, buckets: Sequence[Bucket]
    ) -> bool:
        """Whether a token may read these very buckets, and write to them or not, as it shall.

        It is asked by doing: a server that hashes its tokens cannot tell whose one is.
        """
        given = self._http.server
        server = type(given)(given.url, _header(token), given.ca_file, given.read_timeout_s)
        http = Http(server)
        try:
            for bucket in buckets:
                if self._named(http, bucket.name, org) is None:
                    return False
                # Nothing is written: no lines are none.
                where = urlencode({"orgID": org.id, "bucket": bucket.id, "precision": "ms"})
                answer = http.request("POST", "/api/v2/write?" + where)
                if answer.status not in (*WRITES, *WRITES_NOT):
                    _checked(answer.status, answer.data, str(answer.reason))
                if (answer.status in WRITES) != ("write" in rights):
                    return False
            return True
        finally:
            http.close()

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        data = b"" if body is None else json.dumps(body).encode()
        answer = self._http.request(method, path, data, {"Content-Type": "application/json"})
        return _checked(answer.status, answer.data, str(answer.reason))


def _header(token: str) -> Mapping[str, str]:
    return {"Authorization": f"Token {token}"}


def _checked(status: int, data: bytes, reason: str) -> Mapping[str, Any]:
    if status not in (200, 201):
        later = status == 429 or status >= 500
        problem = f"{status} {message_of(data, reason)}"
        raise (StoreUnreachable if later else StoreRefused)(problem)
    try:
        document = json.loads(data)
    except ValueError as problem:
        raise StoreUnreachable(f"not an InfluxDB's answer: {problem}") from problem
    if not isinstance(document, dict):
        raise StoreUnreachable(f"a JSON {type(document).__name__} came, an object is wanted")
    return document
