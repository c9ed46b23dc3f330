"""The socket of a page: opened by the session that got the page, closed when that ends."""

import asyncio
from collections.abc import Awaitable, Callable

from nicegui import Client
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lamppost.register.access import callers
from lamppost.register.access.callers import Caller

LOOK_S = 5.0
"""How long a page still shows something after its session has ended."""

CLOSED: Message = {"type": "websocket.disconnect", "code": 1008}


def is_own(connection: HTTPConnection, caller: Caller) -> bool:
    """Return True when a page speaks that was given to this caller, as they still are."""
    return _is_of(connection.query_params.get("client_id", ""), caller)


def client_of(path: str, caller: Caller) -> bool:
    """Return True when a file is sent to a page that was given to this caller."""
    return _is_of(path.split("/")[3], caller)


def _is_of(client_id: str, caller: Caller) -> bool:
    client = Client.instances.get(client_id)
    return client is not None and callers.of(client.request) == caller


async def watched(
    app: ASGIApp,
    holds: Callable[[], Awaitable[bool]],
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Serve a socket until it is closed, or what lets it in holds no more."""
    ended = asyncio.Event()

    async def watch() -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            if not await holds():
                break
        ended.set()
        await send({"type": "websocket.close", "code": 1008, "reason": "signed out"})

    async def received() -> Message:
        if ended.is_set():
            return CLOSED
        coming = asyncio.ensure_future(receive())
        ending = asyncio.ensure_future(ended.wait())
        await asyncio.wait({coming, ending}, return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if coming.done():
            return coming.result()
        coming.cancel()
        return CLOSED

    async def sent(message: Message) -> None:
        if not ended.is_set():
            await send(message)

    watching = asyncio.create_task(watch(), name="session watch")
    try:
        await app(scope, received, sent)
    finally:
        watching.cancel()
