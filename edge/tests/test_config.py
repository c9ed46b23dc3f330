"""The node's file: what is accepted, and how what is not is told."""

from pathlib import Path

import pytest

from lamppost.edge.config.file import (
    BufferConfig,
    Config,
    ConfigError,
    MqttConfig,
    default_data_dir,
    load,
)
from lamppost.wire.datatypes import DataType

GOOD = """
[node]
group = "riverside"
name = "pump-station-1"

[[device]]
name = "node"
driver = "system"
[[device.channel]]
name = "cpu"
unit = "%"
"""

FULL = """
[node]
group = "riverside"
name = "pump-station-1"
data_dir = "kept"

[mqtt]
host = "broker.example"
port = 8883
keepalive_s = 30
username = "pump-station-1"
password_file = "secret"
ca_file = "ca.pem"
cert_file = "node.pem"
key_file = "node.key"
primary_host = ""

[buffer]
max_mb = 8
flush_ms = 500
window = 16
backlog_order_min = 5
backfill_share = 0.25
ack_timeout_s = 20
drain_s = 3

[[device]]
name = "pump-1"
driver = "modbus"
poll_s = 0.5
timeout_s = 2
priority = 7
asset = "pump-7"
latitude = 48.2
longitude = 16.4
[device.options]
host = "127.0.0.1"
port = 5020
unit = 3
[[device.channel]]
name = "flow"
unit = "L/s"
class = "flow"
asset = "main-3"
low = 0
high = 80
rate_per_s = 2.5
deadband = 0.1
heartbeat_s = 20
type = "double"
table = "input"
address = 4
encoding = "float32"
[[device.channel]]
name = "running"
type = "boolean"
table = "discrete"
address = 0
"""


def loaded(folder: Path, text: str) -> Config:
    """What a file with this text says."""
    file = folder / "node.toml"
    file.write_text(text)
    return load(file)


def refused(folder: Path, text: str) -> ConfigError:
    """Why a file with this text is refused."""
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return caught.value


def test_defaults(tmp_path: Path) -> None:
    """A short file is enough: everything but names and devices has a default."""
    config = loaded(tmp_path, GOOD)
    assert config.mqtt == MqttConfig()
    assert config.buffer == BufferConfig()
    assert config.node.data_dir == tmp_path / "pump-station-1.data"
    (device,) = config.devices
    assert (device.poll_s, device.timeout_s, device.priority) == (1.0, 5.0, 1)
    (channel,) = device.channels
    assert (channel.datatype, channel.deadband, channel.heartbeat_ms) == (
        DataType.DOUBLE,
        0.0,
        10_000,
    )


def test_data_of_a_file_in_etc_is_where_its_unit_may_write() -> None:
    """The unit lamppost-edge@pump-7 has one folder, and it is not below /etc."""
    found = default_data_dir(Path("/etc/lamppost/pump-7.toml"), "pump-station-7")
    assert found == Path("/var/lib/lamppost/pump-7")
    unit = Path(__file__).parents[2] / "deploy/systemd/lamppost-edge@.service"
    assert "StateDirectory=lamppost/%i\n" in unit.read_text()


def test_every_key(tmp_path: Path) -> None:
    """Every key of the file reaches its place, and paths start beside the file."""
    for name in ("secret", "ca.pem", "node.pem", "node.key"):
        (tmp_path / name).write_text("x")
    config = loaded(tmp_path, FULL)
    assert config.node.data_dir == tmp_path / "kept"
    assert config.mqtt == MqttConfig(
        host="broker.example",
        port=8883,
        keepalive_s=30,
        username="pump-station-1",
        password_file=tmp_path / "secret",
        tls=True,
        ca_file=tmp_path / "ca.pem",
        cert_file=tmp_path / "node.pem",
        key_file=tmp_path / "node.key",
        primary_host="",
    )
    assert config.buffer == BufferConfig(8, 500, 16, 5, 0.25, 20, 3)
    (device,) = config.devices
    assert (device.name, device.poll_s, device.timeout_s, device.priority) == (
        "pump-1",
        0.5,
        2,
        7,
    )
    assert device.options == {"host": "127.0.0.1", "port": 5020, "unit": 3}
    assert (device.asset, device.latitude, device.longitude) == ("pump-7", 48.2, 16.4)
    flow, running = device.channels
    assert (flow.asset, running.asset) == ("main-3", "")
    assert (flow.unit, flow.channel_class, flow.low, flow.high) == ("L/s", "flow", 0, 80)
    assert (flow.deadband, flow.heartbeat_s, flow.rate_per_s) == (0.1, 20, 2.5)
    assert flow.options == {"table": "input", "address": 4, "encoding": "float32"}
    assert running.datatype is DataType.BOOLEAN


REFUSALS = {
    "wrong type": (
        'poll_s = "x"',
        "[device.node] poll_s: came 'x', allowed: a number of seconds in 0.01..3600",
    ),
    "a boolean is no number": ("poll_s = true", "[device.node] poll_s: came True"),
    "not finite": ("poll_s = nan", "[device.node] poll_s: came nan"),
    "too small": ("poll_s = 0", "[device.node] poll_s: came 0, allowed: a number of seconds"),
    "out of range": ("priority = 10", "priority: came 10, allowed: a whole number in 0..9"),
    "not whole": ("priority = 1.5", "priority: came 1.5, allowed: a whole number in 0..9"),
    "misspelt": ("polls = 1", "polls: came an unknown key, allowed: one of asset, channel, "),
    "off the globe": ("latitude = 91\nlongitude = 1", "latitude: came 91, allowed: degrees"),
    "half a position": ("longitude = 1", "allowed: latitude and longitude, or neither"),
    "options are a table": ("options = 1", "options: came 1, allowed: a table [device.node."),
    "long values are cut": (f'poll_s = "{"x" * 500}"', f"came '{'x' * 58}…, allowed"),
}


@pytest.mark.parametrize(("line", "told"), REFUSALS.values(), ids=REFUSALS.keys())
def test_device_refusals(tmp_path: Path, line: str, told: str) -> None:
    """A wrong key of a device is told with place, value and what is allowed."""
    text = GOOD.replace('driver = "system"', f'driver = "system"\n{line}')
    error = refused(tmp_path, text)
    assert told in str(error)
    assert str(error).startswith(f"{tmp_path / 'node.toml'}: [device.node] ")
    assert len(error.problems) == 1


CHANNEL_REFUSALS = {
    "type": ('type = "float"', "type: came 'float', allowed: one of double, boolean, string"),
    "limits": ("low = 3\nhigh = 3", "high: came 3, allowed: a number above low, which is 3"),
    "limit of infinity": ("high = inf", "high: came inf, allowed: a number, finite"),
    "rate": (
        "rate_per_s = 0",
        "rate_per_s: came 0, allowed: a number above 0, in units a second",
    ),
    "deadband": ("deadband = -1", "deadband: came -1, allowed: a number in 0..1e+300"),
    "heartbeat below poll": (
        "heartbeat_s = 0.5",
        "heartbeat_s: came 0.5, allowed: a number of seconds, not less than poll_s, in 1..",
    ),
    "unknown": ("heartbeat = 5", "came an unknown key, allowed: one of asset, class, "),
    "did you mean": ("heartbeat = 5", "; did you mean 'heartbeat_s'?"),
    "driver's own": ('path = "/"', "[device.node.channel.cpu] path: came an unknown key"),
}


@pytest.mark.parametrize(("line", "told"), CHANNEL_REFUSALS.values(), ids=CHANNEL_REFUSALS)
def test_channel_refusals(tmp_path: Path, line: str, told: str) -> None:
    """A wrong key of a channel is told, whether it is common or the driver's."""
    error = refused(tmp_path, f"{GOOD}{line}\n")
    assert told in str(error)
    assert len(error.problems) == 1


def test_limits_need_numbers(tmp_path: Path) -> None:
    """A deadband or limit on a text or boolean channel is refused: it would do nothing."""
    text = FULL.replace('type = "boolean"', 'type = "boolean"\ndeadband = 1\nlow = 0')
    text = text.split("[mqtt]")[0] + "[[device]]" + text.split("[[device]]")[1]
    error = refused(tmp_path, text)
    assert [problem.key for problem in error.problems] == ["low", "deadband"]


def test_every_problem_at_once(tmp_path: Path) -> None:
    """One run tells everything that is wrong, in the order of the sections."""
    text = GOOD.replace('"riverside"', '"a/b"').replace('"system"', '"systen"')
    error = refused(tmp_path, f"{text}type = 5\n[mqtt]\nprot = 1\nkeepalive_s = 0\n")
    found = [(problem.table, problem.key) for problem in error.problems]
    assert found == [
        ("node", "group"),
        ("mqtt", "keepalive_s"),
        ("mqtt", "prot"),
        ("device.node", "driver"),
        ("device.node.channel.cpu", "type"),
    ]
    assert len(str(error).splitlines()) == 5


def test_facts_are_attributes(tmp_path: Path) -> None:
    """An error carries file, key, what came and what is allowed as attributes as well."""
    error = refused(tmp_path, GOOD.replace("riverside", "a+b"))
    assert error.file == str(tmp_path / "node.toml")
    assert (error.table, error.key, error.came) == ("node", "group", "'a+b'")
    assert error.allowed.startswith("1..255 characters, none of them + / #")


def test_unknown_driver(tmp_path: Path) -> None:
    """An unknown driver lists the known ones and the likeliest of them."""
    error = refused(tmp_path, GOOD.replace('"system"', '"sytem"'))
    assert error.allowed == "one of modbus, replay, system; did you mean 'system'?"


def test_unknown_section(tmp_path: Path) -> None:
    """A section nobody reads is an error, with a hint."""
    error = refused(tmp_path, f"{GOOD}\n[buffers]\nmax_mb = 1\n")
    assert (error.key, error.came) == ("buffers", "an unknown key")
    assert error.allowed.endswith("did you mean 'buffer'?")


def test_no_secret_is_shown(tmp_path: Path) -> None:
    """A password put straight into the file is refused and not repeated."""
    error = refused(tmp_path, f'{GOOD}\n[mqtt]\nusername = "u"\npassword = "hunter2"\n')
    assert "hunter2" not in str(error)
    assert error.allowed.endswith("did you mean 'password_file'?")


TLS = {
    "a certificate needs its key": ('ca_file = "x"\ncert_file = "x"', ["key_file"]),
    "a key needs its certificate": ('ca_file = "x"\nkey_file = "x"', ["cert_file"]),
    "files without TLS": ('ca_file = "x"\ntls = false', ["tls"]),
    "a password needs a name": ('password_file = "x"', ["username"]),
    "a file that is missing": ('ca_file = "y"', ["ca_file", "tls"]),
    "a file that is a folder": ('password_file = "."\nusername = "u"', ["password_file"]),
}


@pytest.mark.parametrize(("lines", "keys"), TLS.values(), ids=TLS.keys())
def test_mqtt_files(tmp_path: Path, lines: str, keys: list[str]) -> None:
    """Files for TLS and login exist and belong together, before anything connects."""
    (tmp_path / "x").write_text("x")
    error = refused(tmp_path, f"{GOOD}\n[mqtt]\n{lines}\n")
    assert [problem.key for problem in error.problems] == keys


def test_twins(tmp_path: Path) -> None:
    """Two devices, or two channels of a device, may not share a name."""
    twin = '\n[[device.channel]]\nname = "cpu"\n'
    error = refused(tmp_path, GOOD + twin)
    assert error.came == "'cpu' 2 times"
    error = refused(tmp_path, GOOD + GOOD[GOOD.index("[[device]]") :])
    assert (error.table, error.came) == ("device", "'node' 2 times")


def test_no_devices(tmp_path: Path) -> None:
    """A node without a device, and a device without a channel, have nothing to do."""
    error = refused(tmp_path, GOOD[: GOOD.index("[[device]]")])
    assert str(error).endswith("device: came 0, allowed: 1..1000 tables [[device]]")
    error = refused(tmp_path, GOOD[: GOOD.index("[[device.channel]]")])
    assert (error.table, error.key, error.came) == ("device.node", "channel", "0")


def test_unreadable(tmp_path: Path) -> None:
    """A file that is missing, no text, no TOML or endless is told as such."""
    with pytest.raises(
        ConfigError, match="came No such file or directory, allowed: a readable"
    ):
        load(tmp_path / "none.toml")
    file = tmp_path / "node.toml"
    file.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="came byte 0xff at 0, allowed: UTF-8 text"):
        load(file)
    file.write_text("[node\n")
    with pytest.raises(ConfigError, match=r"not TOML: .*line 1, column 6.*allowed: TOML 1.0"):
        load(file)
    file.write_text("#" * 4_000_001)
    with pytest.raises(ConfigError, match="at most 4000000 bytes"):
        load(file)


def test_heartbeat_follows_a_slow_poll(tmp_path: Path) -> None:
    """A device polled more rarely than the default heartbeat promises no more than its poll."""
    text = GOOD.replace('driver = "system"', 'driver = "system"\npoll_s = 60')
    assert loaded(tmp_path, text).devices[0].channels[0].heartbeat_s == 60
