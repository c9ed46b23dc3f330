"""Checkpoint files: whole or not at all."""

from pathlib import Path

import numpy as np
import pytest

from lamppost.aggregator.spool.checkpoint import Checkpoint, Checkpoints


def sample(position: int) -> Checkpoint:
    """A checkpoint that can be told apart by its position."""
    arrays = {"judge/mean": np.arange(position % 97, dtype=np.float64), "n": np.array([3])}
    return Checkpoint(position, {"series": [1, 2], "text": "ü"}, arrays)


def test_state_comes_back(tmp_path: Path) -> None:
    """Position, JSON and arrays are read as they were written."""
    Checkpoints(tmp_path).save(sample(50))
    found = Checkpoints(tmp_path).load()
    assert found is not None
    assert (found.position, found.document) == (50, {"series": [1, 2], "text": "ü"})
    assert np.array_equal(found.arrays["judge/mean"], np.arange(50.0))


def test_the_oldest_kept_one_says_what_may_go(tmp_path: Path) -> None:
    """Two files are kept, and the spool must be held from the older one's position on."""
    checkpoints = Checkpoints(tmp_path)
    assert [checkpoints.save(sample(n)) for n in (10, 20, 30)] == [0, 10, 20]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("cut", [0, 10, 60, 200, -1], ids=str)
def test_a_torn_file_falls_back(tmp_path: Path, cut: int) -> None:
    """Whatever a crash left of the newest file, the one before it is used."""
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(sample(10))
    checkpoints.save(sample(20))
    newest = max(tmp_path.iterdir())
    newest.write_bytes(newest.read_bytes()[:cut])
    again = Checkpoints(tmp_path)
    found = again.load()
    assert found is not None
    assert found.position == 10
    assert len(again.rejected) == 1


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    """Damage anywhere in the file, the position included, rejects it."""
    whole = sample(20).pack()
    for at in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[at] ^= 4
        with pytest.raises(ValueError, match=r"torn|came"):
            Checkpoint.unpack(bytes(damaged))
    (tmp_path / "000000000000.checkpoint").write_bytes(bytes(damaged))
    assert Checkpoints(tmp_path).load() is None


def test_a_full_disk_leaves_the_old_ones(tmp_path: Path) -> None:
    """A checkpoint that cannot be written raises, and what was there still loads."""
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(sample(10))
    (tmp_path / "000000000001.tmp").mkdir()  # the name the next one is written under
    with pytest.raises(OSError, match=r"000000000001"):
        checkpoints.save(sample(20))
    found = Checkpoints(tmp_path).load()
    assert found is not None
    assert found.position == 10
