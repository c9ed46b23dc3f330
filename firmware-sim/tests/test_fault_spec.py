"""Faults as people write them, and what they are told when they err."""

from pathlib import Path

import pytest

from lamppost.sim.city import DEMO
from lamppost.sim.fault_spec import FaultError, check_together, parse_fault, read_faults


def test_a_process_fault_is_read() -> None:
    """Kind, target, window and size land where they belong."""
    fault = parse_fault("leak:pump-1:at=40:for=20.5:size=0.4", DEMO)
    assert (fault.kind.name, fault.target, fault.size) == ("leak", "pump-1", 0.4)
    assert (fault.from_ms, fault.to_ms) == (40_000, 60_500)
    assert fault.channels == ("flow", "pressure", "level", "motor_current")


def test_a_sensor_fault_is_read_with_defaults() -> None:
    """Without for= and size= the kind's own values hold; names may hold dots."""
    fault = parse_fault("drift:mast-1/pm2.5:at=45", DEMO)
    assert (fault.target, fault.for_s, fault.size) == ("mast-1/pm2.5", 120.0, 0.2)
    assert fault.channels == ("pm2.5",)


@pytest.mark.parametrize(
    ("spec", "came", "allowed"),
    [
        ("leak", "'leak'", "KIND:DEVICE"),
        ("leek:pump-1:at=1", "kind 'leek'", "spike, stuck, drift, gap, leak, blockage"),
        ("leak:pump-9:at=1", "device 'pump-9'", "leak at pump-1, pump-2"),
        ("leak:mast-1:at=1", "device 'mast-1'", "leak at pump-1, pump-2"),
        ("leak:pump-1/flow:at=1", "target 'pump-1/flow'", "'pump-1'"),
        ("stuck:pump-1:at=1", "target 'pump-1'", "pump-1/flow"),
        ("stuck:pump-1/flaw:at=1", "target 'pump-1/flaw'", "pump-1/flow"),
        ("spike:pump-1/running:at=1", "target 'pump-1/running'", "pump-1/flow"),
        ("stuck:pump-1/flow", "no at", "at="),
        ("stuck:pump-1/flow:at=soon", "'at=soon'", "a number"),
        ("stuck:pump-1/flow:at=1:at=2", "'at=2'", "once"),
        ("stuck:pump-1/flow:at=1:until=2", "'until=2'", "at=, for= and size="),
        ("stuck:pump-1/flow:at=-1", "at=-1.0", "0..2.592e+06"),
        ("stuck:pump-1/flow:at=nan", "at=nan", "0..2.592e+06"),
        ("stuck:pump-1/flow:at=1:size=1", "size for stuck", "no size"),
        ("leak:pump-1:at=1:size=2", "size=2.0", "0..1"),
        ("leak:pump-1:at=1:for=0", "for=0.0", "0.1.."),
        ("spike:pump-1/flow:at=1:for=9", "for=9.0", "0.1..5"),
    ],
)
def test_a_wrong_spec_says_what_came_and_what_is_allowed(
    spec: str, came: str, allowed: str
) -> None:
    """The error names the fault, the wrong part and the right ones."""
    with pytest.raises(FaultError) as caught:
        parse_fault(spec, DEMO)
    assert came in caught.value.came
    assert allowed in caught.value.allowed
    assert spec in str(caught.value)


def test_a_file_of_faults_is_read(tmp_path: Path) -> None:
    """[[fault]] tables hold the same words as the command line."""
    path = tmp_path / "faults.toml"
    path.write_text(
        '[[fault]]\nkind = "leak"\ntarget = "pump-1"\nat = 40\nsize = 0.4\n'
        '[[fault]]\nkind = "gap"\ntarget = "cabinet-1/door_open"\nat = 1.5\nfor = 3\n'
    )
    faults = read_faults(path, DEMO)
    assert faults[0] == parse_fault("leak:pump-1:at=40:size=0.4", DEMO)
    assert faults[1] == parse_fault("gap:cabinet-1/door_open:at=1.5:for=3", DEMO)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fault = 1", "[[fault]] tables only"),
        ("faults = []", "'faults'"),
        ("fault = [1]", "fault 1: came 1"),
        ("[[fault]]\nkind = 3", "kind 3"),
        ('[[fault]]\nkind = "leak"\ntarget = 1\nat = 1', "device ''"),
        ('[[fault]]\nkind = "leak"\ntarget = "pump-1"\nat = true', "at=True"),
        ('[[fault]]\nkind = "leak"\ntarget = "pump-1"\nat = 1\nhow = 2', "'how'"),
        ("[[fault]", "not TOML"),
        ("\xff", "not TOML"),
    ],
)
def test_a_wrong_file_says_where(tmp_path: Path, text: str, words: str) -> None:
    """The error names the file and what is wrong in it."""
    path = tmp_path / "faults.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(FaultError) as caught:
        read_faults(path, DEMO)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_an_error_of_the_same_kind(tmp_path: Path) -> None:
    """No traceback for a mistyped path."""
    with pytest.raises(FaultError, match="readable file"):
        read_faults(tmp_path / "none.toml", DEMO)


def test_one_fault_twice_at_once_is_refused() -> None:
    """Two labels of one kind over one another could not be told apart."""
    first = parse_fault("leak:pump-1:at=10:for=20", DEMO)
    with pytest.raises(FaultError, match="at=30 or later"):
        check_together([parse_fault("leak:pump-1:at=29", DEMO), first])
    check_together([first, parse_fault("leak:pump-1:at=30", DEMO)])
    check_together([first, parse_fault("leak:pump-2:at=15", DEMO)])
