"""What a drain knows of what is stored, against a plain set of positions."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.aggregator.store.cursor import Cursor
from lamppost.aggregator.store.progress import MAX_GAPS, Progress

STEPS = st.lists(
    st.tuples(st.sampled_from(["jump", "head", "fill", "order"]), st.integers(1, 9)),
    max_size=60,
)


def after(steps: list[tuple[str, int]]) -> tuple[Progress, set[int]]:
    """A progress after some steps, and the positions that are stored by then."""
    progress, stored = Progress(), set[int]()
    for what, size in steps:
        if what == "jump":
            progress = progress.jumped(progress.head + size)
        elif what == "head":
            end = progress.head + size
            stored |= set(range(progress.head, end))
            progress = progress.headed(end)
        elif what == "fill" and progress.gaps:
            start, stop = progress.gaps[0]
            end = min(start + size, stop)
            stored |= set(range(start, end))
            progress = progress.filled(end)
        elif what == "order":
            progress = progress.in_order()
    return progress, stored


@given(STEPS)
def test_nothing_is_told_stored_that_is_not(steps: list[tuple[str, int]]) -> None:
    """Whatever was jumped and filled: what counts as stored is, and gaps are bounded."""
    progress, stored = after(steps)
    assert set(range(progress.position)) <= stored
    for start, stop in progress.stored:
        assert set(range(start, stop)) <= stored
    missing = {at for start, stop in progress.gaps for at in range(start, stop)}
    assert not missing & stored or any(what == "order" for what, _ in steps)
    assert progress.missing_bytes == len(missing)
    assert len(progress.gaps) <= MAX_GAPS


@given(STEPS)
def test_a_progress_comes_back_from_its_file(steps: list[tuple[str, int]]) -> None:
    """What was kept is read as it was."""
    progress, _ = after(steps)
    learned = progress.headed(progress.head)
    assert Progress.from_json(json.loads(json.dumps(learned.to_json()))) == learned


@pytest.mark.parametrize(
    "wrong",
    [
        {"gaps": [[9, 12]]},
        {"gaps": [[5, 5]]},
        {"gaps": [[5, 40]]},
        {"gaps": [[5, 9], [7, 12]]},
        {"gaps": [[5]]},
        {"gaps": [[5 + i * 2, 6 + i * 2] for i in range(MAX_GAPS + 1)], "head": 99},
        {"gaps": "many"},
        {"head": 3},
        {"head": None},
        {"learned": 19},
    ],
)
def test_what_contradicts_is_not_relied_on(tmp_path: Path, wrong: dict[str, object]) -> None:
    """Of a file whose numbers contradict each other only the least position counts."""
    sound = {"position": 5, "head": 20, "gaps": [[5, 9]], "learned": 120}
    file = tmp_path / "cursor"
    file.write_text(json.dumps(sound))
    assert Cursor(file).load() == Progress(20, ((5, 9),), 120)
    file.write_text(json.dumps(sound | wrong))
    assert Cursor(file).load() == Progress(head=5, learned=5)


def test_a_cursor_of_another_spool_is_cut() -> None:
    """Beyond the end of the spool nothing is stored, and behind a gap nothing is sure."""
    progress = Progress(20, ((5, 9),), 22)
    assert progress.within(22) == progress
    assert progress.within(21) == Progress(5, (), 5)
    assert progress.within(3) == Progress(3, (), 3)
