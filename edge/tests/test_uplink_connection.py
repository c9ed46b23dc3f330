"""Connections to brokers that never finish the greeting: nothing of them stays behind."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from lamppost.edge.config.file import BufferConfig, Config, MqttConfig, NodeConfig
from lamppost.edge.uplink import connection as module
from lamppost.edge.uplink.connection import connection

HANG_S = 30.0
"""Only a hang reaches it."""


class Odd:
    """A server that takes connections and says what it was given, a thing for each it hears."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        self.port, self._answers = 0, list(answers)
        self.greeted = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read until the caller leaves."""
        self._writers.append(writer)
        with suppress(ConnectionResetError):
            while await reader.read(1024):
                self.greeted.set()
                writer.write(self._answers.pop(0) if self._answers else b"")

    def hang_up(self) -> None:
        """Leave all callers."""
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def odd(*answers: bytes) -> AsyncIterator[Odd]:
    """Such a server inside the block."""
    one = Odd(answers)
    server = await asyncio.start_server(one.take, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        one.hang_up()
        await server.wait_closed()


def config(folder: Path, port: int) -> Config:
    """A node without devices."""
    node = NodeConfig("g", "n1", folder)
    return Config(folder / "node.toml", node, MqttConfig(port=port), BufferConfig(), ())


async def connect(one: Config) -> None:
    """Connect and stay."""
    async with connection(one, 0, 0):
        await asyncio.Event().wait()


async def listen(one: Config) -> None:
    """Ask for messages, and take what comes; the answer to the asking is not waited for."""
    async with connection(one, 0, 0) as client:
        with suppress(aiomqtt.MqttError):
            await client.subscribe("what", timeout=0.1)
        async for _ in client.messages:
            pass


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> list[aiomqtt.Client]:
    """What is left behind stays: no collector closes it by chance."""
    made: list[aiomqtt.Client] = []
    make = module._client

    def keep(*args: Any) -> aiomqtt.Client:
        made.append(make(*args))
        return made[-1]

    monkeypatch.setattr(module, "_client", keep)
    return made


async def nothing_is_left(of: Sequence[aiomqtt.Client]) -> None:
    """See that all sockets are closed, and wait until the library has no task here."""
    assert [one._client.socket() for one in of] == [None]
    async with asyncio.timeout(HANG_S):
        while any(  # noqa: ASYNC110
            "Client." in repr(task.get_coro()) for task in asyncio.all_tasks()
        ):
            await asyncio.sleep(0)


async def test_stopped_before_the_broker_answers(
    tmp_path: Path, kept: list[aiomqtt.Client]
) -> None:
    """Stopped while it waits for the broker's answer, a connection closes its socket."""
    async with odd() as server, asyncio.timeout(HANG_S):
        task = asyncio.create_task(connect(config(tmp_path, server.port)))
        await server.greeted.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await nothing_is_left(kept)


async def test_stopped_while_the_socket_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: list[aiomqtt.Client]
) -> None:
    """Stopped while its thread opens the socket, however often, it ends when that does."""
    begun, may_open, really_open = (
        threading.Event(),
        threading.Event(),
        socket.create_connection,
    )

    def open_slowly(*args: Any, **kwargs: Any) -> socket.socket:
        begun.set()
        assert may_open.wait(HANG_S)
        return really_open(*args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", open_slowly)
    async with odd() as server, asyncio.timeout(HANG_S):
        task = asyncio.create_task(connect(config(tmp_path, server.port)))
        await asyncio.to_thread(begun.wait, HANG_S)
        for _ in range(3):
            task.cancel()
            await asyncio.wait({task}, timeout=2 * module.LOOK_AGAIN_S)
        assert not task.done()
        may_open.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        await nothing_is_left(kept)


async def test_a_message_nobody_can_read(tmp_path: Path, kept: list[aiomqtt.Client]) -> None:
    """A topic that is no text ends the connection, and its socket with it."""
    accepted, unreadable = b"\x20\x02\x00\x00", b"\x30\x03\x00\x01\xff"
    async with odd(accepted, unreadable) as server, asyncio.timeout(HANG_S):
        with pytest.raises(aiomqtt.MqttError, match="Disconnected"):
            await listen(config(tmp_path, server.port))
        await nothing_is_left(kept)


async def test_nobody_listens(tmp_path: Path) -> None:
    """Without a broker the error says so."""
    async with odd() as server:
        port = server.port
    with pytest.raises(aiomqtt.MqttError, match="refused"):
        async with connection(config(tmp_path, port), 0, 0):
            pytest.fail("there is nothing to connect to")
