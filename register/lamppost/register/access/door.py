"""Who comes in: passwords become sessions, secrets become callers, guessing is slowed down."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from lamppost.register.access import passwords, sessions, tokens
from lamppost.register.access.accounts import is_name
from lamppost.register.access.callers import Caller
from lamppost.register.access.limits import Limit, source
from lamppost.register.access.oidc import Oidc, OidcError
from lamppost.register.access.tables import account
from lamppost.register.problems import Problem
from lamppost.register.records.store import Register

WHO = "sign-in"
"""The name in the trail for those who were turned away."""

OIDC = "oidc"
"""The way of a session that began at a provider."""

MINUTE_MS = 60_000
HASHES_AT_ONCE = 2
WAITING_MAX = 20
NAME_CHARS_MAX = 64
NOBODY = "nobody known"
"""Stands for all names that are no user's: what people type there may be a password."""

T = TypeVar("T")

log = logging.getLogger(__name__)


class TurnedAwayError(Exception):
    """Nobody comes in with this.

    Attributes:
        wait_s: How long to wait before another try; 0 when it was the password.
    """

    def __init__(self, wait_s: int = 0) -> None:
        super().__init__(f"wait {wait_s} s" if wait_s else "name or password is wrong")
        self.wait_s = wait_s


class Door:
    """Lets in; one for each console.

    Args:
        register: Where users, sessions and tokens are.
        oidc: Who signs people in elsewhere; None when nobody does.
    """

    def __init__(self, register: Register, oidc: Oidc | None = None) -> None:
        self.register = register
        self.oidc = oidc
        self._by_name = Limit(5, MINUTE_MS)
        self._by_address = Limit(10, MINUTE_MS // 4)
        self._refused = Limit(60, MINUTE_MS // 60)
        self._public = Limit(30, MINUTE_MS // 30)
        self._hashing = asyncio.Semaphore(HASHES_AT_ONCE)
        self._waiting = 0

    async def enter(self, name: str, password: str, address: str, before: str = "") -> str:
        """Return the secret of a new session; the one shown before ends.

        Raises:
            TurnedAwayError: name or password is wrong, or there were too many tries.
            Problem: the database is away.
        """
        self._slow_down(name, address)
        if self._waiting >= WAITING_MAX:
            raise TurnedAwayError(5)
        self._waiting += 1
        try:
            async with self._hashing:
                secret = await run_in_threadpool(self._enter, name, password, address, before)
        except SQLAlchemyError as error:
            raise _away(error) from error
        finally:
            self._waiting -= 1
        if secret is None:
            raise TurnedAwayError
        self._by_name.forget(name[:NAME_CHARS_MAX])
        self.give_back(address)
        return secret

    def check_address(self, address: str) -> None:
        """Count a try from an address.

        Raises:
            TurnedAwayError: there were too many.
        """
        wait_s = self._by_address.take(source(address), self.register.now_ms())
        if wait_s:
            raise TurnedAwayError(wait_s)

    def give_back(self, address: str) -> None:
        """Let the last try from an address be as if it had not been: it was good."""
        self._by_address.give_back(source(address))

    async def of_token(self, secret: str, address: str) -> Caller:
        """Return who shows a token.

        Raises:
            Problem: it is none, or it has ended.
        """
        found = await self.asked(lambda connection: tokens.find(connection, secret))
        if found is None:
            self._count_refused(address)
            told = "authorization: allowed: Bearer and a token that has not ended"
            raise Problem(HTTPStatus.UNAUTHORIZED, told)
        if not found.holds(self.register.now_ms()):
            ended_ms = min(found.expires_ms, found.revoked_ms or found.expires_ms)
            word = "was revoked" if found.revoked_ms else "expired"
            when = datetime.fromtimestamp(ended_ms / 1_000, UTC).isoformat(timespec="seconds")
            told = (
                f"authorization: came token {found.id}, which {word} at {when}; allowed: "
                "Bearer and one that has not ended; `lamppost register token add` makes one"
            )
            raise Problem(HTTPStatus.UNAUTHORIZED, told)
        return Caller(found.who, found.role, found.districts)

    async def of_session(self, secret: str, *, is_use: bool = True) -> Caller | None:
        """Return who shows the cookie of a session; None when it does not hold.

        Args:
            secret: What the cookie holds.
            is_use: Somebody is there; else it is only looked whether it still holds.
        """
        found = await self.asked(lambda connection: sessions.find(connection, secret))
        now_ms = self.register.now_ms()
        if found is None or not found.holds(now_ms):
            return None
        if is_use and now_ms - found.seen_ms >= sessions.SEEN_EACH_MS:
            await run_in_threadpool(self._note_use, found.id, now_ms)
        user = found.account
        token = sessions.form_token(secret)
        return Caller(user.id, user.role, user.districts, found.id, token)

    def check_public(self, address: str) -> None:
        """Count what anyone asks for.

        Raises:
            Problem: too much from this address.
        """
        _refuse(self._public.take(source(address), self.register.now_ms()))

    def leave(self, caller: Caller, secret: str, back: str) -> str | None:
        """End the session of a caller.

        Args:
            caller: Whose.
            secret: What the cookie of the session holds.
            back: Address to come back to from the provider.

        Returns:
            Where to sign out too, for who came by a provider that has such a place.
        """
        with self.register.changing(caller.name or WHO) as writer:
            way = sessions.end(writer, caller.session)
        if self.oidc is None or way != OIDC:
            return None
        try:
            return self.oidc.leave(sessions.digest(secret), back)
        except OidcError as error:
            log.warning("sign-out elsewhere: %s", error)
            return None

    def _slow_down(self, name: str, address: str) -> None:
        now_ms = self.register.now_ms()
        wait_s = self._by_address.take(source(address), now_ms)
        wait_s = wait_s or self._by_name.take(name[:NAME_CHARS_MAX], now_ms)
        if wait_s:
            log.warning("sign-in: too many tries, last from %s", address)
            raise TurnedAwayError(wait_s)

    def _count_refused(self, address: str) -> None:
        _refuse(self._refused.take(source(address), self.register.now_ms()))

    def _enter(self, name: str, password: str, address: str, before: str) -> str | None:
        named = select(account.c.password, account.c.valid_to_ms).where(account.c.id == name)
        with self.register.database.reading() as connection:
            row = connection.execute(named).first() if is_name(name) else None
            old = sessions.find(connection, before)
        matches = passwords.matches(row.password if row else None, password)
        if row is None or row.valid_to_ms is not None or not matches:
            self.note_refusal(name if row else NOBODY, address, "password")
            return None
        with self.register.changing(name) as writer:
            if old is not None:
                sessions.end(writer, old.id)
            return sessions.begin(writer, name, address, "password")

    def note_refusal(self, one: str, address: str, reason: str) -> None:
        """Enter in the trail that somebody was turned away.

        Args:
            one: Name of a user, or `NOBODY`.
            address: Where they came from.
            reason: Why.
        """
        with self.register.changing(WHO) as writer:
            row = writer.load("refusal", [one]).get(one)
            facts = {"count": 1, "address": address[:100], "reason": reason}
            if row is None:
                writer.create("refusal", one, facts, writer.now_ms)
            else:
                facts["count"] = row["count"] + 1
                writer.change("refusal", row, facts, "refuse")

    def _note_use(self, one: str, now_ms: int) -> None:
        try:
            with self.register.database.writing() as connection:
                sessions.note_use(connection, one, now_ms)
        except SQLAlchemyError as error:  # it is noted a minute later
            log.warning("the register's database does not answer: %s", error)

    async def asked(self, question: Callable[[Connection], T]) -> T:
        """Return the answer of the database.

        Raises:
            Problem: it is away.
        """

        def ask() -> T:
            with self.register.database.reading() as connection:
                return question(connection)

        try:
            return await run_in_threadpool(ask)
        except SQLAlchemyError as error:
            raise _away(error) from error


def _away(error: SQLAlchemyError) -> Problem:
    log.warning("the register's database does not answer: %s", error)
    told = "the register's database does not answer; the log says why"
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, told)


def _refuse(wait_s: int) -> None:
    if wait_s:
        told = f"too many requests from this address; allowed again in {wait_s} s"
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, told, {"Retry-After": str(wait_s)})
