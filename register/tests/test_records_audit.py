"""The audit trail: whole, or found out."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, delete, select, text, update
from sqlalchemy.exc import DatabaseError

from lamppost.register.records.audit import ORIGIN, Change, append, digest, head
from lamppost.register.records.store import Register
from lamppost.register.records.tables import audit, channel

from .registers import CHANNEL, FLOW, LEVEL, T0, Clock, birth

Tamper = Callable[[Connection], object]
FIELDS = ("time_ms", "who", "what", "kind", "record", "before", "after", "previous", "hash")


def unsealed(register: Register, tamper: Tamper) -> None:
    """Change the trail as somebody would who has the file."""
    with register.database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("DROP TRIGGER audit_no_change ON audit"))
        else:
            for deed in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER audit_no_{deed}"))
        tamper(connection)


def busy(register: Register, clock: Clock) -> int:
    """Let a few things happen; returns how many entries they made."""
    register.observe_births([birth(FLOW, LEVEL)])
    clock.now_ms += 1_000
    register.observe_births([birth(FLOW, at_ms=T0 + 1_000)])
    clock.now_ms += 1_000
    register.calibrate(CHANNEL, "ada", T0)
    return register.verify_audit().entries


def test_a_trail_that_nobody_touched_holds(any_register: Register, clock: Clock) -> None:
    """Every change has one entry, and every record is what its last entry says."""
    busy(any_register, clock)
    verdict = any_register.verify_audit()
    assert verdict.faults == ()
    # node, device, 2 channels, 2 streams; level closed with its stream; one calibration
    assert (verdict.entries, verdict.records) == (9, 6)
    assert verdict.head.startswith("9:")


def test_an_empty_trail_holds(register: Register) -> None:
    """Nothing is wrong with nothing."""
    verdict = register.verify_audit()
    assert (verdict.entries, verdict.faults, verdict.head) == (0, (), f"0:{ORIGIN}")


@pytest.mark.parametrize("deed", ["UPDATE audit SET who = 'x'", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_it(
    any_register: Register, clock: Clock, deed: str
) -> None:
    """A careless hand is stopped before anything needs to be found."""
    busy(any_register, clock)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        any_register.database.writing() as connection,
    ):
        connection.execute(text(deed))
    assert any_register.verify_audit().faults == ()


@pytest.mark.parametrize("field", FIELDS)
def test_a_changed_entry_is_found(register: Register, clock: Clock, field: str) -> None:
    """Whatever is changed in an entry, the check names the entry."""
    busy(register, clock)
    value: Any = 7 if field == "time_ms" else "{}"
    unsealed(
        register,
        lambda c: c.execute(update(audit).where(audit.c.seq == 4).values({field: value})),
    )
    assert {fault.seq for fault in register.verify_audit().faults} & {4, 5}


def test_an_entry_changed_and_sealed_again_breaks_the_chain(
    register: Register, clock: Clock
) -> None:
    """A new hash fits the entry, and no longer what follows it."""
    busy(register, clock)

    def forge(connection: Connection) -> None:
        row = connection.execute(select(audit).where(audit.c.seq == 4)).mappings().one()
        forged = {**row, "who": "nobody"}
        values = {"who": "nobody", "hash": digest(forged)}
        connection.execute(update(audit).where(audit.c.seq == 4).values(values))

    unsealed(register, forge)
    assert [fault.seq for fault in register.verify_audit().faults] == [5]


def test_a_missing_entry_is_found(register: Register, clock: Clock) -> None:
    """Taking one out of the middle leaves a hole."""
    busy(register, clock)
    unsealed(register, lambda c: c.execute(delete(audit).where(audit.c.seq == 4)))
    faults = register.verify_audit().faults
    assert faults[0].seq == 5
    assert "entry 4 is missing" in faults[0].told


def test_a_record_changed_behind_the_trail_is_found(register: Register, clock: Clock) -> None:
    """The trail tells what the records must be."""
    busy(register, clock)
    with register.database.writing() as connection:
        connection.execute(update(channel).where(channel.c.id == CHANNEL).values(high=1.0))
    (fault,) = register.verify_audit().faults
    assert fault.told == f"channel {CHANNEL!r} is not what its last entry says"


def test_a_trail_cut_at_its_end_is_found_by_a_noted_head(
    register: Register, clock: Clock
) -> None:
    """What a chain cannot tell of itself, an entry noted elsewhere does."""
    entries = busy(register, clock)
    seq, value = register.verify_audit().head.split(":")
    noted = (int(seq), value)
    register.observe_births([birth(FLOW, node="other")])
    assert register.verify_audit(noted).faults == ()
    register.observe_births([birth(FLOW, at_ms=T0 - 1)])

    def cut(connection: Connection) -> None:
        connection.execute(delete(audit).where(audit.c.seq >= entries))

    unsealed(register, cut)
    told = [fault.told for fault in register.verify_audit(noted).faults]
    assert f"entry {entries} with the noted hash is not in the trail" in told


facts = st.dictionaries(
    st.text(max_size=4), st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6)
)
changes = st.lists(
    st.builds(
        Change,
        what=st.sampled_from(["create", "update", "close"]),
        kind=st.sampled_from(["asset", "node"]),
        record=st.text(st.characters(codec="utf-8"), max_size=8),
        before=st.none() | facts,
        after=facts,
    ),
    min_size=1,
    max_size=8,
)


@given(changes=changes, cut=st.integers(0, 8), data=st.data())
def test_any_change_to_any_entry_breaks_the_chain(
    changes: list[Change], cut: int, data: st.DataObject
) -> None:
    """However entries come and in how many rounds, they seal what was before them."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        audit.create(connection)
        append(connection, "ada", T0, changes[:cut])
        append(connection, "bob", T0 + 1, changes[cut:])
        assert head(connection)[0] == len(changes)
        found = connection.execute(select(audit).order_by(audit.c.seq)).mappings().all()
    engine.dispose()
    rows = [dict(row) for row in found]
    assert [row["previous"] for row in rows] == [ORIGIN, *(row["hash"] for row in rows[:-1])]
    assert all(digest(row) == row["hash"] for row in rows)
    victim = data.draw(st.sampled_from(rows))
    field = data.draw(st.sampled_from(["who", "what", "kind", "record", "after", "before"]))
    forged = data.draw(st.text(max_size=6).filter(lambda value: value != victim[field]))
    assert digest({**victim, field: forged}) != victim["hash"]
