"""`lamppost sim` as a person runs it."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from lamppost.sim.cli import main
from lamppost.sim.faults import KINDS
from lamppost.sim.ports import LAST_PORT, LOOPBACK, free_port
from lamppost.sim.sheets import SHEETS

COMMAND = [sys.executable, "-m", "lamppost.wire.command", "sim", "serve"]
TIMEOUT_S = 60.0


@contextmanager
def serving(*args: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Run `lamppost sim serve` as a child process; hands out its lines up to READY."""
    child = subprocess.Popen([*COMMAND, *args], stdout=subprocess.PIPE, text=True)
    with child:
        try:
            assert child.stdout is not None
            lines = []
            for line in child.stdout:
                lines.append(line)
                if line.startswith("READY "):
                    break
            yield child, lines
        finally:
            child.kill()


def free_row(count: int) -> int:
    """The first of so many ports in a row that nobody listens on."""
    while True:
        base = free_port(last=LAST_PORT - count)
        with suppress(OSError), ExitStack() as held:
            for port in range(base, base + count):
                held.enter_context(socket.create_server((LOOPBACK, port)))
            return base


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_its_labels_closed(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Exit code 0, and the label of the running fault has its end."""
    labels = tmp_path / "labels.jsonl"
    args = ("--labels", str(labels), "--fault", "leak:pump-1:at=0:for=600")
    with serving(*args, "--write-configs", str(tmp_path / "nodes")) as (child, lines):
        assert child.stdout is not None
        assert "leak at pump-1 begins for 600 s, size 0.5" in child.stdout.readline()
        child.send_signal(number)
        assert "leak at pump-1 is over" in child.stdout.read()
        assert child.wait(TIMEOUT_S) == 0
    opened, closed = (json.loads(line) for line in labels.read_text().splitlines())
    assert (opened["to_ms"], closed["id"]) == (None, opened["id"])
    assert closed["to_ms"] >= closed["from_ms"]
    assert len(list((tmp_path / "nodes").glob("*.toml"))) == 3
    assert len(lines[-1].split()) == 1 + 5


def test_fixed_ports_follow_one_another_and_a_taken_one_fails(tmp_path: Path) -> None:
    """The second city on the same ports says which device has no port, exit code 1."""
    base = free_row(5)
    args = ("--first-port", str(base), "--ports-file", str(tmp_path / "ports.json"))
    with serving(*args):
        document = json.loads((tmp_path / "ports.json").read_text())
        assert [device["port"] for device in document["devices"]] == list(range(base, base + 5))
        again = subprocess.run(
            [*COMMAND, *args], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    assert again.returncode == 1
    assert f"pump-1: cannot listen on 127.0.0.1:{base}" in again.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--city", "atlantis"], "demo"),
        (["--seed", "-1"], "came '-1', allowed: 0.."),
        (["--speed", "fast"], "came 'fast', allowed: a number in 0.1..100"),
        (["--speed", "nan"], "came 'nan', allowed: a number in 0.1..100"),
        (["--local-time", "25:00"], "came '25:00', allowed: HH:MM"),
        (["--broker", "here"], "came 'here', allowed: HOST:PORT"),
        (["--first-port", "65532"], "came 65532, allowed: 1..65531"),
        (["--fault", "leek:pump-1:at=1"], "came kind 'leek', allowed: spike"),
        (["--faults", "none.toml"], "allowed: a readable file"),
        (["--fault", "leak:pump-1:at=1", "--fault", "leak:pump-1:at=2"], "at=61 or later"),
        (["--labels", "no/such/folder/labels.jsonl"], "there is no folder"),
    ],
)
def test_wrong_use_is_told_with_what_is_allowed(
    args: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 before anything is served, and the message holds both sides."""
    with pytest.raises(SystemExit) as caught:
        main(["serve", *args])
    assert caught.value.code == 2
    assert words in capsys.readouterr().err


def test_no_command_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    """`lamppost sim` alone exits with 2 and the usage."""
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """The help of the command and of `serve` show how it is used."""
    for args in (["--help"], ["serve", "--help"]):
        with pytest.raises(SystemExit) as caught:
            main(args)
        assert caught.value.code == 0
        assert "--fault leak:pump-1:at=40:for=60:size=0.5" in capsys.readouterr().out


def test_faults_are_listed_for_people_and_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    """Every kind is there with what it does."""
    assert main(["faults"]) == 0
    text = capsys.readouterr().out
    assert all(kind.name in text and kind.does in text for kind in KINDS.values())
    assert main(["faults", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [fact["kind"] for fact in facts] == list(KINDS)
    assert [fact["class"] for fact in facts] == [kind.fault_class for kind in KINDS.values()]


def test_devices_are_listed_for_people_and_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    """Every device is there with every channel of its datasheet."""
    assert main(["devices"]) == 0
    text = capsys.readouterr().out
    assert main(["devices", "--json"]) == 0
    city = json.loads(capsys.readouterr().out)
    assert (city["city"], city["group"], len(city["devices"])) == ("demo", "riverside", 5)
    for device in city["devices"]:
        assert f"{device['node']} / {device['device']}" in text
        channels = tuple(channel["channel"] for channel in device["channels"])
        assert channels == SHEETS[device["model"]].channels
