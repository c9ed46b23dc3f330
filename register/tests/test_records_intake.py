"""Births on their way from the ingest thread into the register."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from lamppost.register.records import intake as module
from lamppost.register.records.births import BirthSeen
from lamppost.register.records.following import Observed
from lamppost.register.records.intake import Intake
from lamppost.register.records.reading import Wanted
from lamppost.register.records.store import Register

from .registers import FLOW, LEVEL, T0, Clock, birth

WAIT_S = 60.0
AWAY = OperationalError("INSERT", {}, Exception("connection refused\nat 10.0.0.9"))


class Troubled(Register):
    """A register whose database is away for the first calls."""

    def __init__(self, register: Register, failures: int) -> None:
        self.database = register.database
        self.now_ms = register.now_ms
        self.calls: list[Sequence[BirthSeen]] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self._failures = failures

    def observe_births(self, seen: Sequence[BirthSeen]) -> Observed:
        """Enter births, or fail."""
        self.calls.append(seen)
        if len(self.calls) <= self._failures:
            self.meanwhile()
            raise AWAY
        return super().observe_births(seen)


def test_births_arrive_in_the_register(register: Register) -> None:
    """What is observed is entered soon, and counted."""
    intake = Intake(register)
    intake.start()
    for number in range(250):
        intake.observe(birth(FLOW, node=f"n{number}"))
    assert intake.settle(WAIT_S)
    intake.stop()
    assert register.page("nodes", Wanted({})).total == 250
    assert (intake.entered, intake.dropped, intake.warnings()) == (250, 0, ())


def test_a_later_birth_replaces_the_one_that_waits(register: Register) -> None:
    """A device that is born again and again takes one place."""
    intake = Intake(register)
    for at_ms in range(T0, T0 + 50):
        intake.observe(birth(FLOW, LEVEL, at_ms=at_ms))
    intake.start()
    assert intake.settle(WAIT_S)
    intake.stop()
    assert intake.entered == 1
    (device,) = register.page("devices", Wanted({})).items
    assert device.last_birth_ms == T0 + 49


def test_a_database_that_is_away_is_tried_again(register: Register) -> None:
    """Births wait, newer ones replace them, and the trouble is told without details."""
    troubled = Troubled(register, 3)
    seen: list[tuple[str, ...]] = []

    def no_pause() -> float:
        seen.append(intake.warnings())
        return 0.0

    intake = Intake(troubled, no_pause)
    troubled.meanwhile = lambda: intake.observe(birth(FLOW, at_ms=T0 + len(troubled.calls)))
    intake.observe(birth(FLOW))
    intake.start()
    assert intake.settle(WAIT_S)
    intake.stop()
    assert seen[0] == ("the register does not take births: connection refused",)
    assert [len(call) for call in troubled.calls] == [1, 1, 1, 1]
    assert [call[0].time_ms for call in troubled.calls] == [T0, T0 + 1, T0 + 2, T0 + 3]
    assert intake.warnings() == ()


class Picky(Register):
    """A register with a mistake: it cannot take one node."""

    def __init__(self, register: Register) -> None:
        self.database = register.database
        self.now_ms = register.now_ms

    def observe_births(self, seen: Sequence[BirthSeen]) -> Observed:
        """Enter births, or fail."""
        if any(one.node == "odd" for one in seen):
            raise RuntimeError("a bug")
        return super().observe_births(seen)


def test_our_own_mistake_costs_only_the_birth_it_is_about(register: Register) -> None:
    """Its neighbours in the round come through, and so do later ones."""
    intake = Intake(Picky(register))
    for node in ("a", "odd", "b"):
        intake.observe(birth(FLOW, node=node))
    intake.start()
    assert intake.settle(WAIT_S)
    intake.observe(birth(FLOW, node="c"))
    assert intake.settle(WAIT_S)
    intake.stop()
    assert (intake.dropped, intake.entered) == (1, 3)


def test_what_waits_is_bounded(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the bound the newcomer is dropped, counted and told; known devices still follow."""
    monkeypatch.setattr(module, "WAITING_MAX", 2)
    intake = Intake(register)
    for node in ("a", "b", "c", "a"):
        intake.observe(birth(FLOW, node=node))
    assert intake.dropped == 1
    (told,) = intake.warnings()
    assert told == "1 births were dropped before the register took them"
    intake.start()
    intake.stop(WAIT_S)
    assert intake.entered == 2


def test_stop_is_bounded_while_the_database_is_away(register: Register) -> None:
    """The process ends; the births come again with the next start."""
    troubled = Troubled(register, 10**6)
    intake = Intake(troubled, lambda: 1.0)
    intake.observe(birth(FLOW))
    intake.start()
    intake.stop(WAIT_S)
    intake.stop()
    assert len(troubled.calls) <= 2
    assert "births" not in [thread.name for thread in threading.enumerate()]


def test_a_register_that_cannot_be_made_ready_is_tried_again(tmp_path: Path) -> None:
    """Births wait until a person has mended it; the trouble is told meanwhile."""
    (tmp_path / "data").write_text("a file where the folder should be")
    register = Register("sqlite:data/register.db", tmp_path, Clock())
    seen: list[tuple[str, ...]] = []

    def mended() -> float:
        seen.append(intake.warnings())
        if len(seen) == 3:
            (tmp_path / "data").unlink()
        return 0.0

    intake = Intake(register, mended)
    intake.observe(birth(FLOW))
    intake.start()
    assert intake.settle(WAIT_S)
    intake.stop()
    assert len(seen) == 3
    assert "the register does not take births: " in seen[0][0]
    assert (intake.entered, intake.warnings()) == (1, ())
    register.close()


def test_a_new_register_asks_for_what_is_known_already(tmp_path: Path) -> None:
    """Births from before the register are not lost to it; later ones go before them."""
    known = [birth(FLOW, at_ms=T0 - 5), birth(FLOW, node="old", at_ms=T0 - 5)]
    for entered in (2, 0):
        register = Register("sqlite:register.db", tmp_path, Clock())
        intake = Intake(register, known=lambda: known)
        if entered:
            intake.observe(birth(FLOW, LEVEL))
        intake.start()
        assert intake.settle(WAIT_S)
        intake.stop()
        assert intake.entered == entered
        assert register.page("channels", Wanted({})).total == 3
        register.close()
