"""One decorator for all kernels: the same results with the JIT off, and a sound cache."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator import jit
from lamppost.aggregator.warm import warm

HERE = Path(__file__).parent
SCRIPT = f"""
import importlib.util, sys, types
package = types.ModuleType("kernel_tests")
package.__path__ = [{str(HERE)!r}]
sys.modules["kernel_tests"] = package
from kernel_tests.test_kernels import fingerprint
print(fingerprint())
"""


def fingerprint() -> str:
    """A digest of what all kernels make of a stream with every kind of trouble."""
    from lamppost.aggregator.decode.payloads import decode_batch, join
    from lamppost.aggregator.decode.resolve import AliasTable, resolve
    from lamppost.aggregator.judge.group_hours import Hours
    from lamppost.aggregator.judge.group_profile import GROUPS
    from lamppost.aggregator.judge.groups import Groups

    from .samples_decode import corpus, mutated
    from .samples_judge import healthy, judge_of, judged, polled, troubled

    text = hashlib.sha256()
    rng = __import__("random").Random(1)
    payloads = [mutated(rng, rng.choice(corpus())) for _ in range(300)] + list(corpus())
    joined, offsets = join(payloads)
    rows = np.zeros((4_000, c.WIDTH), np.int64)
    messages = np.zeros((len(payloads), c.MSG_WIDTH), np.int64)
    assert decode_batch(joined, offsets, rows, messages) == len(payloads)
    table = AliasTable(seed=7)
    for alias in range(600):
        table.put(0, alias, alias, alias % 9)
    table.put_name(0, "pump/flow", 9)
    nodes = np.zeros(len(payloads), np.int32)
    count = int(messages[:, c.COUNT].sum())
    resolve(rows, count, nodes, joined, table.cells, table.seed)
    judge = judge_of(6, 0.0, 100.0)
    for one in range(3):
        judge.compare(one, [other for other in range(3) if other != one])
    out = judged(judge, troubled(3, 2_500, 6), 2 * 10**12)
    columns = (
        out.flags, out.expected, out.low, out.score, out.severity, out.onset_ms, out.p
    )  # fmt: skip
    groups = Groups(GROUPS._replace(warm_ms=3.6e6, peak_ms=1.8e6, warm_cells=40.0))
    number = groups.add_group()
    for series in range(4):
        groups.join(number, series)
    stream = polled(healthy("ar 0.9", 3, 3_000, 4), deadband=False, poll_ms=10_000)
    groups.update(stream.series, stream.time_ms, stream.value, np.zeros(12_000, np.uint32))
    hours = Hours()
    hours.add(1)
    hours.update(stream.series, stream.time_ms, stream.value, np.zeros(12_000, np.uint32))
    learned = (groups.state()["rows"], *hours.state().values())
    for array in (rows, messages, table.cells, *columns, *learned, *judge.state().values()):
        text.update(np.ascontiguousarray(array).tobytes())
    return text.hexdigest()


def in_child(script: str, **variables: str) -> str:
    """What a Python of its own prints; warnings are errors there too."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_same_bits_with_the_jit_off() -> None:
    """Decoder, table and judge give equal arrays as plain Python."""
    assert in_child(SCRIPT, NUMBA_DISABLE_JIT="1") == fingerprint()


def test_an_unwritable_cache_falls_back_to_the_next(tmp_path: Path) -> None:
    """A file where the directory should be: the next place is taken."""
    blocked, good = tmp_path / "file", tmp_path / "good"
    blocked.write_text("")
    script = (
        "from pathlib import Path\n"
        "from lamppost.aggregator import jit\n"
        f"jit.prefer(Path({str(good)!r}))\n"
        "print(jit.cache_dir()); print(jit.note())"
    )
    directory = in_child(script, NUMBA_CACHE_DIR=str(blocked))
    assert Path(directory) == good / "kernels" / jit.digest()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without a home")
def test_a_user_without_a_home_is_no_obstacle() -> None:
    """A service whose user systemd makes up stands in no list of users and has no HOME."""
    code = (
        "import os\n"
        "from pathlib import Path\n"
        "from lamppost.aggregator import jit\n"
        "os.environ.pop('HOME', None); os.environ.pop('XDG_CACHE_HOME', None)\n"
        "os.setuid(63_999)\n"
        "print(len(jit._candidates(Path('/data'))))"
    )
    env = {**os.environ, "NUMBA_CACHE_DIR": "/cache"}
    told = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False
    )
    assert (told.stdout, told.stderr) == ("3\n", "")


def test_no_cache_at_all_is_said_and_survived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When no place can be written to, kernels still run, and the note says what to do."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setattr(jit, "_candidates", lambda _: [blocked, blocked / "deeper"])
    for name in ("_chosen", "_note"):
        monkeypatch.setattr(jit, name, getattr(jit, name))
    jit.prefer(tmp_path)
    assert jit.cache_dir() is None
    assert str(blocked) in jit.note()
    assert "NUMBA_CACHE_DIR" in jit.note()
    assert jit.kernel(lambda x: x + 1)(1) == 2


def test_the_digest_follows_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed helper gives another cache: no stale caller is ever loaded."""
    (tmp_path / "judge").mkdir()
    helper = tmp_path / "judge" / "helper.py"
    helper.write_text("A = 1")
    monkeypatch.setattr(jit, "HERE", tmp_path)
    before = jit.digest()
    helper.write_text("A = 2")
    assert jit.digest() != before


def test_every_module_with_kernels_is_in_the_digest() -> None:
    """`SOURCES` covers each file that uses the decorator."""
    covered = {path for pattern in jit.SOURCES for path in jit.HERE.glob(pattern)}
    users = {path for path in jit.HERE.rglob("*.py") if "@kernel" in path.read_text()}
    assert users <= covered


def test_old_caches_are_pruned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the newest few digests stay on the disk."""
    for name in ("_chosen", "_note"):
        monkeypatch.setattr(jit, name, getattr(jit, name))
    monkeypatch.setattr(numba.config, "CACHE_DIR", numba.config.CACHE_DIR)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    for number in range(6):
        (tmp_path / "kernels" / f"{number:016x}").mkdir(parents=True)
    jit.prefer(tmp_path)
    assert jit.cache_dir() == tmp_path / "kernels" / jit.digest()
    assert len(list((tmp_path / "kernels").iterdir())) == jit.KEPT_CACHES


def test_warming_tells_its_progress_and_compiles_everything() -> None:
    """After it, judging meets no kernel that still has to be compiled."""
    steps: list[tuple[int, int, str]] = []
    assert warm(lambda done, total, name: steps.append((done, total, name))) >= 0
    assert [done for done, _, _ in steps] == list(range(len(steps)))
    assert steps[-1][0] == steps[-1][1]
    script = (
        "from lamppost.aggregator.warm import warm; warm()\n"
        "from lamppost.aggregator.decode import payloads as decode, resolve\n"
        "from lamppost.aggregator.alarms import transitions\n"
        "from lamppost.aggregator.judge import level, quality, silence\n"
        "entries = (decode.decode_batch, resolve.resolve, resolve.gather, resolve.find,\n"
        "  resolve.free, resolve.fill, resolve.hash_name, transitions.find_transitions,\n"
        "  quality.quality_tier, level.level_tier, silence.find_silent)\n"
        "print([entry.__name__ for entry in entries if not entry.signatures])"
    )
    assert in_child(script) == "[]"
