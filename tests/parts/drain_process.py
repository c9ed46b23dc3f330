"""A process of its own that spools live readings and drains the spool, for tests that kill it.

python drain_process.py FOLDER STORE_URL FIRST_STEP LIVE_STEPS
"""

import sys
import time
from contextlib import closing
from pathlib import Path

from lamppost.aggregator.rollup.windows import HOUR_MS, Windows
from lamppost.aggregator.spool.frames import FrameKind
from lamppost.aggregator.spool.spool import Spool
from lamppost.aggregator.store import drain as draining
from lamppost.aggregator.store.backoff import Backoff
from lamppost.aggregator.store.drain import Drain
from lamppost.aggregator.store.open import open_store
from parts.batches import frame, random_batch, series
from parts.waiting import wait_for

INFOS = [series(i) for i in range(10)]
ROWS = 200
# Of a far day, so that no clock but their own closes windows.
START_MS = 2_000_000_000_000 // HOUR_MS * HOUR_MS
LIVE_S = 0.01
SAVE_EVERY_S = 0.05  # of a drain that is killed within the second
CAUGHT_UP_S = 240.0
QUICK = Backoff(base_s=0.01, cap_s=0.1)


def spool_in(folder: Path) -> Spool:
    """The spool; a checkpoint that never comes keeps all of it."""
    return Spool(folder / "spool", 100_000, 100_000_000)


def put(spool: Spool, start_ms: int, rows: int = ROWS) -> None:
    """Commit readings."""
    spool.append(FrameKind.DATA, frame(random_batch(INFOS, rows, start_ms)).pack())
    spool.commit()


def put_step(spool: Spool, step: int) -> None:
    """Commit the readings of a step."""
    put(spool, START_MS + step * ROWS // len(INFOS) * 1000)


def main(folder: Path, url: str, first: int, count: int) -> int:
    """Spool and drain; each line told is position and head of the drain."""
    draining.SAVE_EVERY_S = SAVE_EVERY_S
    with spool_in(folder) as spool, closing(open_store(url, folder)) as store:
        windows = Windows(folder / "windows.npz", store.read)
        drain = Drain(
            spool,
            store,
            folder / "store.cursor",
            max_rows=ROWS,
            ahead_bytes=10 * ROWS * 50,
            unreachable=QUICK,
            windows=windows,
        )
        drain.start()
        for step in range(first, first + count):
            put_step(spool, step)
            print(drain.position, drain.head, flush=True)
            time.sleep(LIVE_S)
            # A slow machine gets no more than it can drain.
            wait_for(lambda: drain.head >= spool.position, "the live readings", CAUGHT_UP_S)
        put(spool, START_MS + 10 * HOUR_MS, len(INFOS))  # closes all windows before it
        done = drain.flush(60.0)
        following = drain._following
        assert following is not None
        wait_for(lambda: following.fed == spool.position, "the windows")
        return 0 if drain.stop(60.0) and done else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
