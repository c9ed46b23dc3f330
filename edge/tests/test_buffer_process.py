"""The buffer in a process of its own that is killed, or whose disk fills up."""

import subprocess
import sys
from pathlib import Path

from lamppost.edge.buffer.buffer import Buffer
from lamppost.edge.buffer.ledger import Account

WRITER = """
import sys
from pathlib import Path
from lamppost.edge.buffer.buffer import Buffer
from lamppost.edge.buffer.rows import Row

buffer = Buffer(Path(sys.argv[1]), 20_000_000)
count = 0
while True:
    buffer.append("pump", 1, [Row(1, count * 10 + index, index / 3) for index in range(10)])
    buffer.commit()
    count += 1
    print(buffer.total.taken, flush=True)
"""

FILLER = """
import resource, sys
from pathlib import Path
from lamppost.edge.buffer.buffer import Buffer
from lamppost.edge.buffer.rows import Row

buffer = Buffer(Path(sys.argv[1]), 20_000_000, ring_bytes=100_000)
limit = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, limit[1]))

def take(times):
    for _ in range(times):
        buffer.append("pump", 1, [Row(1, index, index / 3) for index in range(100)])
        buffer.commit()

while buffer.trouble is None:
    take(1)
print(buffer.trouble.disk_full, flush=True)
stored = buffer.total.pending
take(400)
assert buffer.trouble is not None
assert buffer.total.pending >= stored, "nothing committed is lost while the disk is full"
resource.setrlimit(resource.RLIMIT_FSIZE, limit)
take(1)
assert buffer.trouble is None, buffer.trouble
print(buffer.total.taken, buffer.total.evicted, buffer.total.pending, flush=True)
buffer.close()
"""


def test_kill_loses_no_committed_batch(tmp_path: Path) -> None:
    """Whatever a commit returned for is there after kill -9, and the books still balance."""
    path = tmp_path / "buffer.db"
    for _ in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(60)]
        child.kill()
        said += child.stdout.read().splitlines()
        child.wait()
        child.stdout.close()
        told = max(int(line) for line in said if line.strip().isdigit())
        buffer = Buffer(path, 20_000_000)
        held = buffer.read_after(0, 100_000)
        buffer.close()
        assert buffer.moved is None
        assert told <= buffer.total.taken <= told + 10
        assert sum(len(list(batch.rows())) for batch in held) == buffer.total.pending
        assert buffer.total.pending == buffer.total.taken


def test_real_limit_on_file_size_is_survived(tmp_path: Path) -> None:
    """When the kernel lets the file grow no more, the process goes on and accounts for all."""
    path = tmp_path / "buffer.db"
    child = subprocess.run(
        [sys.executable, "-c", FILLER, str(path)], capture_output=True, text=True, check=False
    )
    assert child.returncode == 0, child.stderr
    full, books = child.stdout.splitlines()
    assert full == "True"
    taken, evicted, pending = (int(word) for word in books.split())
    assert taken == evicted + pending
    assert evicted > 0
    buffer = Buffer(path, 20_000_000)
    assert buffer.total == Account(taken, evicted, pending)
    assert {batch.draft.day for batch in buffer.read_after(0, 10)} == {0}
    buffer.close()
