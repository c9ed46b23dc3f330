"""`lamppost edge run` as the process it is: killed, stopped, over TLS."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from lamppost.sim.broker import BrokerTls, RunningBroker, run_broker
from lamppost.wire.topic import Verb

MakePeer = Callable[..., Any]
Wait = Callable[..., Any]

NODE = """
[node]
group = "g"
name = "n1"
data_dir = "data"
[mqtt]
port = {port}
{mqtt}
[buffer]
flush_ms = 20
ack_timeout_s = 1
drain_s = 60
[[device]]
name = "node"
driver = "system"
poll_s = 0.02
[[device.channel]]
name = "uptime"
source = "uptime"
[[device.channel]]
name = "memory"
source = "memory"
heartbeat_s = 0.1
"""


def write_node(folder: Path, port: int, mqtt: str = "") -> Path:
    """A node's file that watches this machine."""
    path = folder / "node.toml"
    path.write_text(NODE.format(port=port, mqtt=mqtt))
    return path


class Node:
    """A node in a process of its own."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-m", "lamppost.wire.command", "edge", "run", str(path)]
        self._log = path.with_name("node.log")
        with self._log.open("wb") as log:
            self._child = subprocess.Popen(command, stderr=log)

    @property
    def log(self) -> str:
        """What it has logged."""
        return self._log.read_text()

    def kill(self) -> None:
        """End it without warning, if it runs."""
        self._child.kill()
        self._child.wait()

    async def stop(self) -> str:
        """Stop it in order; what it logged."""
        self._child.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(self._child.wait) == 0, self.log
        return self.log


@contextmanager
def started(path: Path) -> Iterator[Node]:
    """A node that runs; it ends with the block, whatever happens there."""
    node = Node(path)
    try:
        yield node
    finally:
        node.kill()


def account(path: Path) -> dict[str, int]:
    """What `lamppost edge status --json` says."""
    command = [sys.executable, "-m", "lamppost.wire.command", "edge", "status", str(path)]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    told: dict[str, int] = json.loads(done.stdout)
    return told


async def test_killed_node_loses_nothing(
    broker: RunningBroker, make_peer: MakePeer, wait: Wait, tmp_path: Path
) -> None:
    """Three times kill -9 in the middle: everything it ever committed arrives, once."""
    path, peer = write_node(tmp_path, broker.port), make_peer()
    for _ in range(3):
        with started(path):
            counted = len(peer.readings)
            await wait(lambda counted=counted: len(peer.readings) > counted + 30)
    deaths = len(peer.of(Verb.NDEATH))
    with started(path) as node:
        counted = len(peer.readings)
        await wait(lambda: len(peer.readings) > counted + 30)
        await node.stop()
    told = account(path)
    assert (told["in_flight"], told["evicted"]) == (0, 0)
    assert told["taken"] == told["stored"] == len(peer.readings)
    assert len({session[1] for session in peer.readings}) == 2
    assert deaths >= 1, "the broker told the host of the death"


async def test_unreachable_broker_is_told_once_and_stopping_is_quick(
    tmp_path: Path, wait: Wait
) -> None:
    """Retries fill no log, and a node without a broker stops at once, keeping its readings."""
    path = write_node(tmp_path, 1)
    with started(path) as node:
        await wait(lambda: "no connection to 127.0.0.1:1" in node.log)
        await wait(lambda: account(path)["taken"] > 30)
        logged = await node.stop()
    assert logged.count("no connection to 127.0.0.1:1") == 1
    assert account(path)["in_flight"] == account(path)["taken"] > 0


async def test_tls_with_client_certificate_and_password(
    tmp_path: Path, wait: Wait, request: pytest.FixtureRequest
) -> None:
    """The node shows its certificate, user and password, and none of them in its log."""
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1", "localhost")
    client = authority.issue_cert("n1.example.org")
    files = {name: tmp_path / f"{name}.pem" for name in ("ca", "server", "skey", "cert", "key")}
    authority.cert_pem.write_to_path(str(files["ca"]))
    server.cert_chain_pems[0].write_to_path(str(files["server"]))
    server.private_key_pem.write_to_path(str(files["skey"]))
    client.cert_chain_pems[0].write_to_path(str(files["cert"]))
    client.private_key_pem.write_to_path(str(files["key"]))
    (tmp_path / "password").write_text("s3cret-word\n")
    running = run_broker(
        directory=tmp_path / "tls",
        kind="mosquitto",
        tls=BrokerTls(files["ca"], files["server"], files["skey"]),
        allow_anonymous=False,
        users={"n1": "s3cret-word"},
    )
    request.addfinalizer(running.stop)
    assert running.tls_port is not None
    mqtt = (
        'ca_file = "ca.pem"\ncert_file = "cert.pem"\nkey_file = "key.pem"\n'
        'username = "n1"\npassword_file = "password"\nprimary_host = ""\n'
    )
    path = write_node(tmp_path, running.tls_port, mqtt)
    with started(path) as node:
        await wait(lambda: f"connected to 127.0.0.1:{running.tls_port}" in node.log)
        logged = await node.stop()
    assert "g/n1" in running.log_file.read_text()
    assert "s3cret-word" not in logged
    (tmp_path / "password").write_text("wrong\n")
    with started(path) as node:
        await wait(lambda: "no connection" in node.log)
        logged = await node.stop()
    assert "not authorised" in running.log_file.read_text().lower()
    assert "wrong" not in logged
