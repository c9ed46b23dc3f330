"""One MQTT connection as a Sparkplug session: topics, `seq`, births, deaths, data.

All publishing goes through one task, so taking a `seq` and publishing are one step.
"""

from collections.abc import Iterable

import aiomqtt

from lamppost.edge.buffer.rows import Batch
from lamppost.edge.config.file import Config
from lamppost.edge.uplink import births
from lamppost.wire import session
from lamppost.wire.delivery import Header
from lamppost.wire.encode import encode
from lamppost.wire.payload import Metric, Payload
from lamppost.wire.topic import NAMESPACE, Topic, Verb, state_topic


class Link:
    """Publishes for one node within one session."""

    def __init__(self, client: aiomqtt.Client, config: Config, bdseq: int) -> None:
        self._client, self._config, self._bdseq = client, config, bdseq
        self._seq = session.Sequence()
        self._born: set[str] = set()
        self.is_born = False

    async def subscribe(self) -> None:
        """Ask for commands, and for the state of the host that births wait for."""
        node = self._config.node
        dcmd = f"{NAMESPACE}/{node.group}/{Verb.DCMD}/{node.name}/+"
        wanted = [(topic(self._config, Verb.NCMD), 1), (dcmd, 1)]
        if self._config.mqtt.primary_host:
            wanted.append((state_topic(self._config.mqtt.primary_host), 1))
        await self._client.subscribe(wanted)

    async def node_birth(self, metrics: Iterable[Metric], now_ms: int) -> None:
        """Announce the node; devices have to follow."""
        self._born = set()
        payload = session.node_birth(self._bdseq, self._seq.birth(), now_ms, metrics)
        await self._send(Verb.NBIRTH, encode(payload))
        self.is_born = True

    async def device_birth(self, device: str, metrics: Iterable[Metric], now_ms: int) -> None:
        """Announce a device."""
        payload = session.device_birth(self._seq.next(), now_ms, metrics)
        await self._send(Verb.DBIRTH, encode(payload), device)
        self._born.add(device)

    async def device_death(self, device: str, now_ms: int) -> None:
        """Say that a device is lost."""
        self._born.discard(device)
        payload = session.device_death(self._seq.next(), now_ms)
        await self._send(Verb.DDEATH, encode(payload), device)

    def has_born(self, device: str) -> bool:
        """Whether a device is announced and not lost."""
        return device in self._born

    async def node_data(self, metrics: Iterable[Metric], now_ms: int) -> None:
        """Send metrics of the node itself."""
        payload = session.data(self._seq.next(), now_ms, metrics)
        await self._send(Verb.NDATA, _data(payload))

    async def batch(
        self, batch: Batch, header: Header, now_ms: int, *, historical: bool
    ) -> None:
        """Send one batch as one message."""
        metrics = births.data_metrics(batch.rows(), historical=historical)
        payload = session.data(self._seq.next(), now_ms, metrics, header.pack())
        await self._send(Verb.DDATA, _data(payload), batch.draft.device)

    async def node_death(self, now_ms: int) -> None:
        """Take leave; the broker confirms it before the connection is closed."""
        self.is_born = False
        data = encode(session.node_death(self._bdseq, now_ms))
        await self._client.publish(topic(self._config, Verb.NDEATH), data, qos=1)

    async def _send(self, verb: Verb, data: bytes, device: str | None = None) -> None:
        await self._client.publish(topic(self._config, verb, device), data, qos=0)


def topic(config: Config, verb: Verb, device: str | None = None) -> str:
    """A topic of this node, or of one of its devices."""
    return Topic(config.node.group, verb, config.node.name, device).text


def _data(payload: Payload) -> bytes:
    # Types are told at birth; data messages go without.
    return encode(payload, with_datatypes=False)
