"""The spool under real processes: killed without warning, and out of file size."""

import errno
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lamppost.aggregator.spool.frames import FrameKind
from lamppost.aggregator.spool.spool import Spool

WRITER = """
import sys, zlib
from pathlib import Path
from lamppost.aggregator.spool.frames import FrameKind
from lamppost.aggregator.spool.spool import Spool

spool = Spool(Path(sys.argv[1]), segment_bytes=20_000, max_bytes=1 << 30)
number = int(sys.argv[2])
while True:
    for _ in range(number % 7 + 1):
        body = b"%010d" % number
        spool.append(FrameKind.DATA, body * (zlib.crc32(body) % 200 + 1))
        number += 1
    spool.commit()
    print(number, flush=True)  # promised: every frame below this number
"""

LIMITED = """
import resource, sys
from pathlib import Path
from lamppost.aggregator.spool.frames import FrameKind
from lamppost.aggregator.spool.spool import Spool

spool = Spool(Path(sys.argv[1]), segment_bytes=1 << 20, max_bytes=1 << 30)
spool.append(FrameKind.DATA, b"before" * 100)
good = spool.commit()
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
spool.append(FrameKind.DATA, b"during" * 2000)
for _ in range(3):
    try:
        spool.commit()
    except OSError as problem:
        print(problem.errno, spool.position == good, len(list(spool.read(0))), flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
spool.append(FrameKind.DATA, b"after" * 100)
spool.commit()
print(len(list(spool.read(0))), flush=True)
"""


def numbers(spool: Spool) -> list[int]:
    """The frames by number; each must be whole."""
    found = []
    for frame in spool.read(0):
        body = frame.payload[:10]
        assert frame.payload == body * (len(frame.payload) // 10)
        found.append(int(body))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_writer_has_kept_every_promise(tmp_path: Path, seed: int) -> None:
    """After SIGKILL all frames a commit returned for are there, in order, without a gap."""
    rng = random.Random(seed)
    promised = 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(promised)],
            stdout=subprocess.PIPE,
            text=True,
        ) as writer:
            assert writer.stdout is not None
            for _ in range(rng.randint(1, 60)):
                promised = int(writer.stdout.readline())
            os.kill(writer.pid, signal.SIGKILL)
            rest = [line for line in writer.stdout.read().splitlines(keepends=True) if line]
            promised = max([promised, *(int(line) for line in rest if line.endswith("\n"))])
        with Spool(tmp_path, segment_bytes=20_000, max_bytes=1 << 30) as spool:
            found = numbers(spool)
            assert found == list(range(len(found)))
            assert len(found) >= promised
            assert spool.damage == ()
            promised = len(found)


def test_file_size_limit_is_survived(tmp_path: Path) -> None:
    """At the kernel's file size limit commits fail; when it lifts all frames are written."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [f"{errno.EFBIG} True 1"] * 3 + ["3"]
    with Spool(tmp_path, segment_bytes=1 << 20, max_bytes=1 << 30) as spool:
        assert [frame.kind for frame in spool.read(0)] == [FrameKind.DATA] * 3
