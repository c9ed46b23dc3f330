"""The API alone, without page and port, what tests ask of it, and a patient way over HTTP."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI

from lamppost.register import problems
from lamppost.register.app import ROUTERS
from lamppost.register.bodies import BodyLimit
from lamppost.register.records.store import Register

PATIENCE_S = 60.0
"""What only a server that hangs needs; httpx would give up after five seconds."""


def fetch(url: str, **options: Any) -> httpx.Response:
    """Ask a served console."""
    return httpx.get(url, trust_env=False, timeout=PATIENCE_S, **options)


@asynccontextmanager
async def asking(
    register: Register, feed: object | None = None, more: Sequence[APIRouter] = ()
) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of the API on a register."""
    app = FastAPI()
    app.add_middleware(BodyLimit)
    problems.install(app)
    for router in (*more, *ROUTERS):
        app.include_router(router)
    app.state.register = register
    app.state.feed = feed
    transport = httpx.ASGITransport(app)
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
