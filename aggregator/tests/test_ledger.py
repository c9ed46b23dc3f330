"""The books: taken = stored + evicted + in flight + lost."""

from hypothesis import given
from hypothesis import strategies as st

from lamppost.aggregator.delivery.ledger import MAX_DAYS, Ledger, day_number, day_text
from lamppost.wire.delivery import LedgerRow

DAY = "2027-01-15"
NUMBER = day_number(DAY)


def declared(taken: int, evicted: int, pending: int, *, stored: int, epoch: int = 1) -> Ledger:
    """A ledger with one day."""
    ledger = Ledger()
    ledger.declare(epoch, [LedgerRow(DAY, taken, evicted, pending)], first_contact=False)
    ledger.count_stored(NUMBER, stored)
    return ledger


def test_balanced_books() -> None:
    """What is neither stored nor evicted is in flight while the node still holds it."""
    (books,) = declared(100, 10, 30, stored=60).books()
    assert (books.day, books.taken, books.stored, books.evicted) == (DAY, 100, 60, 10)
    assert (books.in_flight, books.lost) == (30, 0)


def test_what_nobody_has_is_lost() -> None:
    """A reading that is not here, not evicted and not held any more is lost, and shown."""
    (books,) = declared(100, 0, 0, stored=97).books()
    assert (books.in_flight, books.lost) == (0, 3)


def test_newer_stored_than_declared_is_no_loss() -> None:
    """The node's account lags behind ours by a moment; nothing goes below zero."""
    (books,) = declared(100, 0, 5, stored=108).books()
    assert (books.taken, books.stored, books.in_flight, books.lost) == (108, 108, 0, 0)


def test_what_was_counted_twice_shows() -> None:
    """More stored than the node ever took is no newer reading but a mistake, and is seen."""
    ledger = Ledger()
    ledger.count_stored(NUMBER, 104)
    ledger.declare(1, [LedgerRow(DAY, 100, 0, 0)], first_contact=False)
    ledger.count_stored(NUMBER, 3)
    (books,) = ledger.books()
    assert (books.taken, books.stored) == (103, 107)


def test_a_lost_buffer_is_lost() -> None:
    """Readings that an older epoch still held when a new buffer began never come."""
    ledger = declared(10, 0, 4, stored=6)
    ledger.declare(2, [LedgerRow(DAY, 5, 0, 5)], first_contact=True)
    (books,) = ledger.books()
    assert (books.taken, books.in_flight, books.lost) == (15, 5, 4)


def test_what_another_aggregator_stored_is_not_ours() -> None:
    """At first contact, what the node counts as acknowledged lies elsewhere."""
    ledger = Ledger()
    ledger.declare(1, [LedgerRow(DAY, 100, 10, 20)], first_contact=True)
    ledger.declare(1, [LedgerRow(DAY, 130, 10, 50)], first_contact=True)
    (books,) = ledger.books()
    assert (books.taken, books.in_flight, books.lost) == (60, 50, 0)


def test_foreign_nodes_have_no_books() -> None:
    """A node that declares nothing cannot be balanced."""
    ledger = Ledger()
    ledger.count_stored(NUMBER, 5)
    assert ledger.books() == []


def test_days_are_bounded() -> None:
    """Readings of ever new days, as a broken clock makes them, drop the oldest days."""
    ledger = Ledger()
    for day in range(MAX_DAYS + 50):
        ledger.count_stored(day, 1)
        ledger.count_duplicates(day, 1)
    assert len(ledger.stored) == len(ledger.duplicates) == MAX_DAYS
    assert min(ledger.stored) == 50


def test_days_outside_the_calendar_have_a_name() -> None:
    """A reading from the year 50000 does not break the books."""
    assert day_text(NUMBER) == DAY
    assert day_text(20_000_000) == "day 20000000"


counts = st.integers(0, 1000)


@given(taken=counts, evicted=counts, pending=counts, stored=counts)
def test_nothing_vanishes(taken: int, evicted: int, pending: int, stored: int) -> None:
    """Unless more is here than was taken, the five numbers always add up."""
    ledger = declared(taken, evicted, pending, stored=stored)
    (books,) = Ledger.from_state(ledger.state()).books()
    assert min(books.in_flight, books.lost) >= 0
    if taken >= stored + evicted:
        assert books.taken == books.stored + books.evicted + books.in_flight + books.lost
