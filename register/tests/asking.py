"""The API alone, without page and port, what tests ask of it, and a patient way over HTTP."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy
from functools import cache
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.datastructures import State

from lamppost.register import problems
from lamppost.register.app import ROUTERS
from lamppost.register.bodies import BodyLimit
from lamppost.register.records.store import Register

PATIENCE_S = 60.0
"""What only a server that hangs needs; httpx would give up after five seconds."""

TRUST = ssl.create_default_context()
"""For clients of plain HTTP too: without one, each reads all authorities that there are."""


def fetch(url: str, **options: Any) -> httpx.Response:
    """Ask a served console."""
    return httpx.get(url, trust_env=False, timeout=PATIENCE_S, verify=TRUST, **options)


@cache
def _application() -> FastAPI:
    app = FastAPI()
    app.add_middleware(BodyLimit)
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    return app


def served(register: Register, feed: object | None = None) -> FastAPI:
    """Return the API on a register; its routes are put together once for all tests."""
    app = copy(_application())
    app.state = State()
    app.state.register = register
    app.state.feed = feed
    return app


@asynccontextmanager
async def asking(
    register: Register, feed: object | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of the API on a register."""
    transport = httpx.ASGITransport(served(register, feed))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1/api/v1/"
    ) as client:
        yield client


async def body(client: httpx.AsyncClient, path: str) -> Any:
    """Ask, and return the answer."""
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def told(client: httpx.AsyncClient, path: str, status: int = 200, **said: object) -> Any:
    """Post, and return the answer; of an error its detail."""
    answer = await client.post(path, json=said)
    assert answer.status_code == status, answer.text
    if status < 400:
        return answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()["detail"]
