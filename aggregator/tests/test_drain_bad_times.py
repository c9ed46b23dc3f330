"""The drain and a server in bad times: busy, failing, silent, or with room for little."""

import re
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from lamppost.aggregator.spool.frames import FrameKind, pack_json
from lamppost.aggregator.spool.spool import Spool
from lamppost.aggregator.store.backoff import Backoff
from lamppost.aggregator.store.deadletter import DeadLetters
from lamppost.aggregator.store.drain import Drain
from lamppost.aggregator.store.http import Server
from lamppost.aggregator.store.influx import InfluxStore
from lamppost.aggregator.store.influx1 import Influx1Store
from lamppost.aggregator.store.influx2 import Influx2Store
from parts.batches import T0, frame, random_batch, series
from parts.influx import RunningInflux, running_influx
from parts.influx_front import TOKEN, Canned, Front, running_front

QUICK = Backoff(base_s=0.02, cap_s=0.1)
INFOS = [series(i) for i in range(10)]
ROWS = 1000
READ_TIMEOUT_S = 30.0


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """A spool with readings of all series."""
    with Spool(tmp_path / "spool", 100_000, 50_000_000) as made:
        for info in INFOS:
            made.append(FrameKind.SERIES, pack_json(info.to_json()))
        made.append(FrameKind.DATA, frame(random_batch(INFOS, ROWS)).pack())
        made.commit()
        yield made


@pytest.fixture
def dead(tmp_path: Path) -> DeadLetters:
    """A file of dead letters, not made yet."""
    return DeadLetters(tmp_path / "dead")


@pytest.fixture
def front(influx: RunningInflux) -> Iterator[Front]:
    """A server before the real one."""
    with running_front(influx.url) as made:
        yield made


@pytest.fixture(params=["influx1", "influx2"])
def kind(request: pytest.FixtureRequest) -> str:
    """Each house in turn."""
    return str(request.param)


@contextmanager
def on_front(
    kind: str, front: Front, dead: DeadLetters, timeout_s: float = READ_TIMEOUT_S
) -> Iterator[InfluxStore]:
    """A house on the front, with a database of its own."""
    name = f"t{uuid.uuid4().hex}"
    with closing(Influx1Store(Server(front.upstream), name, dead)) as maker:
        maker.write(random_batch(INFOS[:1], 1))  # the front makes no databases
    server = Server(front.url, read_timeout_s=timeout_s)
    proven = replace(server, headers={"Authorization": f"Token {TOKEN}"})
    with closing(
        Influx1Store(proven, name, dead)
        if kind == "influx1"
        else Influx2Store(server, "org", name, TOKEN, dead)
    ) as made:
        yield made


def drained(spool: Spool, store: InfluxStore, cursor: Path, backoff: Backoff) -> list[str]:
    """Drain everything; return the state at each wait, which are as long as they may be."""
    states: list[str] = []

    def draw() -> float:
        states.append(drain.state)
        return 1.0

    drain = Drain(spool, store, cursor, unreachable=backoff, refused=backoff, draw=draw)
    drain.start()
    try:
        assert drain.flush(60.0), drain.state
        assert (drain.state, drain.failures) == ("ok", 0)
    finally:
        assert drain.stop(60.0)
    return states


def stored(store: InfluxStore) -> int:
    """Readings in the database."""
    return sum(len(store.read(info.key, T0, T0 + 10**9, 0)) for info in INFOS)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_later_is_tried_again(
    spool: Spool, front: Front, dead: DeadLetters, tmp_path: Path, kind: str, status: int
) -> None:
    """A server that is busy or broken for some tries gets everything when it is well again."""
    front.canned += [Canned(status, b'{"error":"not now"}')] * 4
    with on_front(kind, front, dead) as store:
        states = drained(spool, store, tmp_path / "cursor", QUICK)
        assert states == [f"unreachable: {status} not now"] * 4
        assert stored(store) == ROWS
    assert dead.count == 0


def test_the_server_says_how_long(
    spool: Spool, front: Front, dead: DeadLetters, tmp_path: Path, kind: str
) -> None:
    """The wait is the one that the server asks for, where ours would be none."""
    front.canned.append(Canned(429, b"{}", {"Retry-After": "0.5"}))
    with on_front(kind, front, dead) as store:
        began = time.monotonic()
        drained(spool, store, tmp_path / "cursor", Backoff(base_s=0.0, cap_s=5.0))
        assert time.monotonic() - began >= 0.5
        assert stored(store) == ROWS


def test_cut_before_an_answer(
    spool: Spool, front: Front, dead: DeadLetters, tmp_path: Path, kind: str
) -> None:
    """What the server took and never said so is written again, and is there once."""
    front.unanswered += ["cut", "cut"]
    with on_front(kind, front, dead) as store:
        states = drained(spool, store, tmp_path / "cursor", QUICK)
        assert len(states) == 2
        assert all(re.match("unreachable: .*closed", state) for state in states), states
        assert len(front.bodies) == 3
        assert stored(store) == ROWS


def test_no_answer_in_time(
    spool: Spool, front: Front, dead: DeadLetters, tmp_path: Path, kind: str
) -> None:
    """A server that is silent for longer than the timeout is tried again, and has all once."""
    front.unanswered.append("late")
    with on_front(kind, front, dead, timeout_s=0.5) as store:
        states = drained(spool, store, tmp_path / "cursor", QUICK)
        assert re.match("unreachable: .*Read timed out", states[0]), states
        assert len(front.bodies) == len(states) + 1
    with closing(Influx1Store(Server(front.upstream), store._city, dead)) as patient:
        assert stored(patient) == ROWS


def test_a_server_with_little_room(spool: Spool, dead: DeadLetters, tmp_path: Path) -> None:
    """A real server that takes only small bodies gets all in halves of halves."""
    home = tmp_path / "influx"
    home.mkdir()
    with running_influx(home) as influx:
        influx.stop()
        influx.extra = "  max-body-size = 4000"
        influx.start()
        with closing(Influx1Store(Server(influx.url), "city", dead)) as store:
            assert drained(spool, store, tmp_path / "cursor", QUICK) == []
            assert stored(store) == ROWS
            assert store.figures == {"dead_letters": 0, "too_old": 0}
