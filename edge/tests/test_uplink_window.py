"""What goes next, and what is on its way."""

from hypothesis import given
from hypothesis import strategies as st

from lamppost.edge.uplink.window import MAX_BACKOFF, Road, Step, Window
from lamppost.wire.delivery import Ack


def window(size: int = 4, share: float = 0.5, *, acking: bool = True) -> Window:
    """A window with an ack timeout of 10 s."""
    made = Window(size, share, 10.0)
    made.acking = acking
    return made


def send_all(one: Window, last: int, now_s: float = 0.0) -> list[tuple[Road, int]]:
    """Send whatever may go, one batch per number."""
    sent = []
    while (step := one.choose(last, now_s)) is not None:
        number = step.number if step.road is Road.AGAIN else step.number + 1
        one.sent(step, number, "pump", now_s)
        sent.append((step.road, number))
    return sent


def test_short_backlog_goes_oldest_first() -> None:
    """A short outage is judged in order, so it is sent in order."""
    one = window()
    one.begin(3, 5, 0.0, short=True)
    assert send_all(one, 6) == [(Road.LIVE, number) for number in (3, 4, 5, 6)]


def test_window_bounds_what_is_in_flight() -> None:
    """No more is on its way than the aggregator can be asked to remember."""
    one = window(size=2)
    one.begin(1, 9, 0.0, short=True)
    assert len(send_all(one, 9)) == 2
    one.acked(Ack(1, 1), 0.0)
    assert send_all(one, 9) == [(Road.LIVE, 3)]
    assert one.in_flight == {2, 3}


def test_long_backlog_goes_beside_live() -> None:
    """After a long outage the present comes first, and the past takes its share."""
    one = window(size=100)
    one.begin(1, 50, 0.0, short=False)
    first = send_all(one, 56)[:8]
    assert [number for road, number in first if road is Road.LIVE] == [51, 52, 53, 54]
    assert [number for road, number in first if road is Road.BACKFILL] == [1, 2, 3, 4]


def test_backfill_leaves_room_for_live() -> None:
    """When the past fills its places, a live batch still finds one."""
    one = window(size=4)
    one.begin(1, 50, 0.0, short=False)
    assert send_all(one, 50) == [(Road.BACKFILL, 1), (Road.BACKFILL, 2)]
    assert send_all(one, 51) == [(Road.LIVE, 51)]


def test_full_share_does_not_starve_live() -> None:
    """Even a share of 1 lets the present through."""
    one = window(size=1000, share=1.0)
    one.begin(1, 500, 0.0, short=False)
    roads = [road for road, _ in send_all(one, 600)[:100]]
    assert roads.count(Road.LIVE) >= 10


def test_unacknowledged_batch_goes_again_with_growing_patience() -> None:
    """A lost message is repeated, ever more rarely, with its old number."""
    one = window()
    one.begin(1, 1, 0.0, short=True)
    send_all(one, 1)
    waits, now_s = [], 0.0
    for _ in range(6):
        due_s = one.due_s
        assert send_all(one, 1, due_s - 0.1) == []
        assert send_all(one, 1, due_s) == [(Road.AGAIN, 1)]
        waits.append(due_s - now_s)
        now_s = due_s
    assert waits == [10, 20, 40, 80, 80, 80]
    assert max(waits) == 10 * MAX_BACKOFF


def test_batch_that_is_acknowledged_while_it_is_read_for_its_repeat_has_arrived() -> None:
    """The disk takes its time, and the acknowledgement may be faster: nothing is wrong then."""
    one = window()
    one.begin(1, 1, 0.0, short=True)
    send_all(one, 1)
    again = one.choose(1, 10.0)
    assert again == Step(Road.AGAIN, 1)
    one.acked(Ack(1, 1), 10.0)
    one.sent(again, 1, "pump", 10.0)
    assert one.in_flight == frozenset()
    assert one.choose(1, 1e6) is None


def test_plain_host_gets_live_data_without_bound_and_nothing_twice() -> None:
    """A foreign host never acknowledges; it must still see everything once."""
    one = window(size=2, acking=False)
    one.begin(1, 0, 0.0, short=True)
    assert [number for _, number in send_all(one, 500)] == list(range(1, 501))
    assert send_all(one, 500, 1e6) == []


def test_backfill_to_plain_host_is_paced() -> None:
    """Without acknowledgements time holds the past back."""
    one = window(size=4, acking=False)
    one.begin(1, 50, 0.0, short=False)
    assert len(send_all(one, 50, 0.0)) == 2
    assert send_all(one, 50, 0.5) == []
    assert send_all(one, 50, one.due_s) == [(Road.BACKFILL, 3), (Road.BACKFILL, 4)]


def test_silent_host_is_taken_for_a_plain_one() -> None:
    """A window that stays full for long must not stop live data for ever."""
    one = window(size=2)
    one.begin(1, 0, 0.0, short=True)
    send_all(one, 5)
    assert not one.give_up_if_stalled(29.0)
    assert one.give_up_if_stalled(31.0)
    assert [number for _, number in send_all(one, 5, 31.0)] == [3, 4, 5]
    assert one.acked(Ack(1, 1), 32.0), "the first ack after that is news"


def test_known_host_is_waited_for() -> None:
    """The configured primary host acknowledges; only an outage keeps it from doing so."""
    one = Window(1, 0.5, 10.0, patient=True)
    one.acking = True
    one.begin(1, 0, 0.0, short=True)
    send_all(one, 5)
    assert not one.give_up_if_stalled(1e6)


def test_lagging_live_becomes_backfill_and_new_live_goes_first() -> None:
    """After a stall in the middle of a session the present comes first again."""
    one = window(size=100)
    one.begin(1, 0, 0.0, short=True)
    one.fall_behind(40)
    assert not one.is_idle(40)
    assert Step(Road.LIVE, 40) in {one.choose(41, 0.0), one.choose(41, 0.0)}


@given(
    st.lists(
        st.one_of(
            st.integers(1, 3).map(lambda n: ("commit", n)),
            st.integers(0, 60).map(lambda n: ("ack", n)),
            st.integers(0, 30).map(lambda n: ("wait", n)),
            st.booleans().map(lambda short: ("begin", int(short))),
            st.just(("fall", 0)),
        ),
        max_size=60,
    )
)
def test_everything_is_sent_in_the_end(story: list[tuple[str, int]]) -> None:  # noqa: C901
    """After any story of commits, acks, stalls and rebirths, acks alone drain the buffer."""
    one, last, now_s, held = window(size=3), 0, 0.0, set[int]()

    def send() -> None:
        while (step := one.choose(last, now_s)) is not None:
            if step.road is Road.AGAIN:
                one.sent(step, step.number, "pump", now_s)
                continue
            end = one.back_end if step.road is Road.BACKFILL else last
            number = min((n for n in held if n > step.number), default=end)
            if number > end or number in one.in_flight or number not in held:
                one.passed(step, min(number, end))
            else:
                one.sent(step, number, "pump", now_s)
        assert len(one.in_flight) <= 3

    for act, amount in story:
        if act == "commit":
            held |= set(range(last + 1, last + 1 + amount))
            last += amount
        elif act == "ack":
            held -= {n for n in held if n <= amount and n in one.in_flight}
            one.acked(Ack(1, min(held, default=last + 1) - 1), now_s)
        elif act == "wait":
            now_s += amount
        elif act == "begin":
            one.begin(min(held, default=last + 1), last, now_s, short=bool(amount))
        else:
            one.fall_behind(last)
        send()
    for _ in range(300):
        if not held:
            break
        for number in one.in_flight:
            held.discard(number)
        one.acked(Ack(1, 0, tuple((n, n) for n in sorted(one.in_flight))), now_s)
        send()
    assert not held
