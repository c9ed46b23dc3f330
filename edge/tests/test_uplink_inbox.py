"""What a node believes of its host."""

from dataclasses import replace
from pathlib import Path

import pytest

from lamppost.edge.config.file import BufferConfig, Config, MqttConfig, NodeConfig
from lamppost.edge.uplink.inbox import Inbox
from lamppost.edge.uplink.tls import credentials
from lamppost.wire.state import HostState, encode_state

TOPIC = "spBv1.0/STATE/lamppost"
CONFIG = Config(
    Path("node.toml"), NodeConfig("g", "n", Path()), MqttConfig(), BufferConfig(), ()
)


def inbox_after(*states: tuple[bool, int]) -> Inbox:
    """An inbox that saw these states."""
    inbox = Inbox(CONFIG, lambda _ack: None, lambda: None)
    for online, time_ms in states:
        inbox.take(TOPIC, encode_state(HostState(online, time_ms)))
    return inbox


@pytest.mark.parametrize(
    ("states", "online"),
    [
        ([], False),
        ([(True, 5)], True),
        ([(False, 5)], False),
        ([(True, 5), (False, 5)], False),
        ([(True, 5), (False, 4)], True),
        ([(False, 5), (True, 4)], False),
        ([(True, 5), (False, 9), (True, 9)], True),
    ],
    ids=["silence", "birth", "death", "will", "late-will", "old-birth", "back"],
)
def test_only_the_newest_state_counts(states: list[tuple[bool, int]], online: bool) -> None:
    """The late will of an earlier connection must not send the node away."""
    assert inbox_after(*states).host_online is online


def test_state_of_another_host_means_nothing() -> None:
    """Only the configured host is waited for."""
    inbox = inbox_after()
    inbox.take("spBv1.0/STATE/other", encode_state(HostState(True, 5)))
    assert not inbox.host_online


def test_without_a_primary_host_births_never_wait() -> None:
    """A plain Sparkplug node speaks as soon as it is connected."""
    config = replace(CONFIG, mqtt=MqttConfig(primary_host=""))
    assert Inbox(config, lambda _ack: None, lambda: None).host_online


@pytest.mark.parametrize("topic", ["", "x", "spBv1.0/STATE", "spBv1.0/g/NCMD/n/d/e", "a/b/c/d"])
def test_odd_topics_are_counted_not_thrown(topic: str) -> None:
    """A broker may send what it likes."""
    inbox = inbox_after()
    inbox.take(topic, b"\0")
    assert inbox.refused == 1


def test_password_loses_its_line_break_and_never_shows(tmp_path: Path) -> None:
    """Files are edited with editors, and logs are read by many."""
    (tmp_path / "password").write_text("s3cret \r\n")
    shown = credentials(MqttConfig(username="n1", password_file=tmp_path / "password"))
    assert (shown.username, shown.password) == ("n1", "s3cret ")
    assert "s3cret" not in repr(shown)
