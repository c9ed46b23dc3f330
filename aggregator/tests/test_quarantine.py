"""The small ring of unusable payloads."""

import base64
import json
from pathlib import Path

from lamppost.aggregator.ingest.quarantine import MAX_KEPT_PER_S, Quarantine


def kept(folder: Path) -> list[dict[str, str]]:
    """What lies in the ring, oldest first."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def test_a_payload_is_kept_with_its_reason(tmp_path: Path) -> None:
    """Topic, reason and bytes can be looked at afterwards."""
    Quarantine(tmp_path).add("spBv1.0/a/NDATA/b", b"\xff\x00", "cut", 5)
    (one,) = kept(tmp_path)
    assert (one["topic"], one["reason"]) == ("spBv1.0/a/NDATA/b", "cut")
    assert base64.b64decode(one["payload_base64"]) == b"\xff\x00"


def test_the_ring_is_bounded_in_files_and_bytes(tmp_path: Path) -> None:
    """The oldest go first, also across a restart."""
    ring = Quarantine(tmp_path, max_files=3)
    for number in range(5):
        ring.add("t", b"x", f"reason {number}", number * 1000)
    again = Quarantine(tmp_path, max_files=3, max_bytes=400)
    again.add("t", b"y" * 100, "reason 5", 9000)
    assert kept(tmp_path)[-1]["reason"] == "reason 5"
    assert sum(path.stat().st_size for path in tmp_path.glob("*.json")) <= 400
    assert ring.count == 5


def test_a_flood_is_counted_but_not_written(tmp_path: Path) -> None:
    """Ten thousand bad payloads in a second cost ten thousand counts and a few files."""
    ring = Quarantine(tmp_path, max_files=1000)
    for _ in range(1000):
        ring.add("t", b"x", "bad", 1)
    assert ring.count == 1000
    assert len(kept(tmp_path)) == MAX_KEPT_PER_S


def test_a_disk_that_refuses_does_not_stop_anyone(tmp_path: Path) -> None:
    """When nothing can be written, the count still tells."""
    (tmp_path / "blocked").write_text("a file where the folder should be")
    ring = Quarantine(tmp_path / "blocked")
    ring.add("t", b"x", "bad", 1)
    assert ring.count == 1
