"""One connection to the broker: made, and let go of in every case.

aiomqtt closes its socket only after a goodbye that went out. A node that is stopped while it
connects, or whose broker is silent, would keep the socket, its reader and its keep-alive.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import aiomqtt

from lamppost.edge.config.file import Config
from lamppost.edge.uplink import tls
from lamppost.wire import session
from lamppost.wire.encode import encode
from lamppost.wire.topic import Topic, Verb

MAX_COMMANDS: Final = 1000
"""Most commands that wait to be read; more than a host ever sends at once."""

TIMEOUT_S: Final = 10.0

LOOK_AGAIN_S: Final = 0.05
"""How often a connection that is not wanted any more is looked at, until it can be closed."""


@asynccontextmanager
async def connection(config: Config, bdseq: int, now_ms: int) -> AsyncIterator[aiomqtt.Client]:
    """A connected client; its will carries the number of this very session.

    Raises:
        OSError: a key, certificate or password file cannot be read.
        aiomqtt.MqttError: there is no connection, or it was lost.
    """
    client = _client(config, bdseq, now_ms)
    try:
        await _enter(client)
        async with _entered(client):
            yield client
    finally:
        _hang_up(client)


async def _enter(client: aiomqtt.Client) -> None:
    """Connect; cancelled, wait until nothing of it is left.

    The thread that opens the socket cannot be interrupted, and hands it to the loop when it is
    done: whoever does not wait for that leaves a socket to a loop that is closed by then.
    """
    entering = asyncio.create_task(client.__aenter__(), name="uplink connecting")
    try:
        await asyncio.shield(entering)
    except asyncio.CancelledError:
        while not entering.done():
            if _hang_up(client):
                entering.cancel()
            with suppress(asyncio.CancelledError):  # told again; the answer is the same
                await asyncio.wait({entering}, timeout=LOOK_AGAIN_S)
        if not entering.cancelled():
            entering.exception()  # looked at, so that nobody is told of it: it is not wanted
        raise


@asynccontextmanager
async def _entered(client: aiomqtt.Client) -> AsyncIterator[None]:
    """Say goodbye at the end, as aiomqtt's own block does."""
    try:
        yield
    finally:
        await client.__aexit__(None, None, None)


def _hang_up(client: aiomqtt.Client) -> bool:
    """Close the socket if one is open; to the broker it is a lost line, so the will is sent."""
    inner = client._client  # noqa: SLF001 - neither library has a public way, see above
    if inner.socket() is None:
        return False
    inner._reset_sockets()  # noqa: SLF001 - and takes reader, writer and keep-alive away
    return True


def _client(config: Config, bdseq: int, now_ms: int) -> aiomqtt.Client:
    mqtt, node = config.mqtt, config.node
    shown = tls.credentials(mqtt)
    topic = Topic(node.group, Verb.NDEATH, node.name).text
    will = aiomqtt.Will(topic, encode(session.node_death(bdseq, now_ms)), qos=1)
    return aiomqtt.Client(
        mqtt.host,
        mqtt.port,
        username=shown.username,
        password=shown.password,
        # No identifier may hold a slash, so no two nodes can share this one.
        identifier=f"{node.group}/{node.name}",
        will=will,
        clean_session=True,
        keepalive=mqtt.keepalive_s,
        timeout=TIMEOUT_S,
        tls_context=tls.context(mqtt),
        max_queued_incoming_messages=MAX_COMMANDS,
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
    )
