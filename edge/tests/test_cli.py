"""The `lamppost edge` command, as a person or a script calls it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lamppost.edge import cli
from lamppost.edge.buffer.buffer import Buffer
from lamppost.edge.buffer.rows import Row

NODE = """
[node]
group = "g"
name = "n1"
data_dir = "data"
[mqtt]
port = 1
[[device]]
name = "node"
driver = "system"
[[device.channel]]
name = "cpu"
source = "cpu"
"""


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A node's file."""
    path = tmp_path / "node.toml"
    path.write_text(NODE)
    return path


def test_check_says_what_it_found(node: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A good file is told in one line, or as JSON."""
    assert cli.main(["check", str(node)]) == 0
    assert capsys.readouterr().out.endswith(
        "good: node g/n1, broker 127.0.0.1:1, 1 devices, 1 channels\n"
    )
    assert cli.main(["check", str(node), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["channels"] == 1


@pytest.mark.parametrize("command", ["run", "check", "status"])
def test_wrong_configuration_is_exit_2_before_anything_starts(
    node: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """The error names the file, and no data folder appears."""
    node.write_text(NODE.replace('driver = "system"', 'driver = "sistem"'))
    assert cli.main([command, str(node)]) == 2
    told = capsys.readouterr().err
    assert "node.toml" in told
    assert "sistem" in told
    assert "system" in told
    assert not (node.parent / "data").exists()


def test_wrong_use_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown command is refused with the known ones."""
    with pytest.raises(SystemExit) as caught:
        cli.main(["fly"])
    assert caught.value.code == 2
    assert "status" in capsys.readouterr().err


def test_status_without_a_buffer_is_exit_1(
    node: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A node that never ran has no account."""
    assert cli.main(["status", str(node)]) == 1
    assert "has this node ever run?" in capsys.readouterr().err


def test_status_tells_the_account(node: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The figures are those of the file, while the agent holds it open."""
    buffer = Buffer(node.parent / "data" / "buffer.db", 64_000_000, now_ms=lambda: 7)
    buffer.append("node", 1, [Row(1, 86_400_000 * 366, 1.5), Row(1, 1, 2.5)])
    buffer.commit()
    assert cli.main(["status", str(node), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert cli.main(["status", str(node)]) == 0
    text = capsys.readouterr().out
    buffer.close()
    assert cli.main(["status", str(node)]) == 0, "also when no agent runs"
    counts = {"stored": 0, "evicted": 0}
    assert told.pop("used_bytes") > 0
    assert told == {
        "node": "g/n1",
        "epoch": 7,
        "taken": 2,
        "in_flight": 2,
        **counts,
        "days": [
            {"day": "1970-01-01", "taken": 1, "in_flight": 1, **counts},
            {"day": "1971-01-02", "taken": 1, "in_flight": 1, **counts},
        ],
        "batches": 2,
        "max_bytes": 64_000_000,
        "autonomy_h": None,
    }
    assert "1971-01-02" in text


def test_status_of_a_broken_file_is_exit_1(
    node: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be read is said, not thrown."""
    (node.parent / "data").mkdir()
    (node.parent / "data" / "buffer.db").write_bytes(b"no database" * 1000)
    assert cli.main(["status", str(node)]) == 1
    assert "not a database" in capsys.readouterr().err


def test_drivers_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Every driver has a name and a sentence."""
    assert cli.main(["drivers", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"modbus", "replay", "system"} <= set(told)
    assert all(told.values())
    assert cli.main(["drivers"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(told)


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody has to guess how a command is called."""
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert "lamppost edge run node.toml" in capsys.readouterr().out


def test_light_commands_do_not_load_the_agent() -> None:
    """`--help` on a small machine is quick: neither MQTT nor asyncio tasks are imported."""
    code = (
        "import sys; from lamppost.edge import cli;"
        "heavy = {'aiomqtt', 'pymodbus', 'numpy', 'psutil', 'sqlite3'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
