"""Work orders: from an alarm to the proof that it helped."""

from collections.abc import AsyncIterator
from types import SimpleNamespace

import httpx
import pytest
import pytest_asyncio

from lamppost.register.alarms import desk as alarms
from lamppost.register.live import History
from lamppost.register.records.deciding import known
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer
from lamppost.register.work import desk, verifying
from lamppost.register.work.following import follow
from lamppost.register.work.values import TABLE, Deed, WorkOrder
from lamppost.register.work.verifying import verify

from .asking import asking, body, told
from .city import City
from .registers import T0, Clock, incident

HOUR_MS = 3_600_000


class Readings:
    """Sixty minutes of readings with these flags, whatever is asked for."""

    def __init__(self, *flags: str, minutes: int = 60, bad: int = 0) -> None:
        self.flags = tuple(flags if n < bad else () for n in range(minutes))
        self.asked: list[str] = []

    def history(
        self, group: str, node: str, device: str, metric: str,
        from_ms: int, to_ms: int, step_ms: int,
    ) -> History:  # fmt: skip
        """Return them."""
        self.asked.append(f"{group}/{node}/{device}/{metric}")
        assert (to_ms - from_ms, step_ms) == (HOUR_MS, 60_000)
        count = len(self.flags)
        none = (None,) * count
        times = tuple(range(from_ms, from_ms + count * step_ms, step_ms))
        return History(times, none, none, none, none, self.flags)


@pytest.fixture
def alarmed(register: Register) -> Register:
    """One alarm."""
    with register.changing(alarms.WHO) as writer:
        alarms.observe(writer, [incident()])
    return register


@pytest_asyncio.fixture
async def client(alarmed: Register) -> AsyncIterator[httpx.AsyncClient]:
    """The API on it."""
    async with asking(alarmed) as client:
        yield client


def order(register: Register, one: str = "wo-00000001") -> WorkOrder:
    """Return an order as it is."""
    with register.database.reading() as connection:
        return WorkOrder(**known(Writer(connection, "", 0), desk.KIND, one))


def finished(register: Register, clock: Clock) -> None:
    """An order that was done an hour ago, the alarm over."""
    with register.changing("ada") as writer:
        one = desk.open_order(writer, desk.Wanted(alarm="i-1"), "ada")
        desk.act(writer, one, "finish", {"cause": "leaf", "action": "removed"})
    with register.changing(alarms.WHO) as writer:
        alarms.observe(writer, [incident(closed_ms=T0 + 1)])
    clock.now_ms += HOUR_MS


async def test_an_order_through_its_life(client: httpx.AsyncClient, clock: Clock) -> None:
    """Opened from an alarm with its arithmetic, begun, finished, confirmed."""
    new = await told(client, "work-orders", by="ada", alarm="i-1", assignee="bob")
    assert new["arithmetic"] == (
        "severity 0.80 x criticality 3/5 (not rated) x confidence 0.75 = 0.36"
    )
    assert (new["priority"], new["due_ms"]) == (2, clock.now_ms + 24 * HOUR_MS)
    at = f"work-orders/{new['id']}"
    assert (await told(client, f"{at}/start", by="bob"))["state"] == "in_progress"
    assert (await told(client, f"{at}/assign", by="ada", to="eve"))["assignee"] == "eve"
    done = await told(client, f"{at}/finish", by="eve", cause="leaf", action="removed")
    assert (done["state"], done["cause"], done["done_ms"]) == ("done", "leaf", clock.now_ms)
    sure = await told(client, f"{at}/confirm", by="ada", closure="seen")
    assert (sure["state"], sure["valid_to_ms"]) == ("verified", clock.now_ms)
    assert (await body(client, "work-orders?open=false&alarm=i-1"))["total"] == 1
    kpis = await body(client, f"alarms/kpis?from_ms={T0}&to_ms={T0 + 1}")
    assert kpis["mean_to_repair_s"] == 0.0


async def test_an_alarm_has_one_order_at_a_time(client: httpx.AsyncClient) -> None:
    """Two who open at once work on the same one; after its end another may come."""
    ids = [(await told(client, "work-orders", by=who, alarm="i-1"))["id"] for who in ("a", "b")]
    assert ids == ["wo-00000001"] * 2
    await told(client, f"work-orders/{ids[0]}/cancel", by="a", closure="false alarm")
    other = await told(client, "work-orders", by="a", alarm="i-1")
    assert other["id"] == "wo-00000002"


@pytest.mark.parametrize(
    ("path", "status", "said", "detail"),
    [
        ("work-orders", 400, {}, "came neither alarm nor asset"),
        ("work-orders", 404, {"alarm": "zz"}, "alarm: came 'zz'"),
        ("work-orders", 404, {"asset": "zz", "title": "x", "severity": 1}, "asset: came 'zz'"),
        ("work-orders", 400, {"alarm": "i-1", "severity": 7}, "severity: came 7"),
        ("work-orders", 400, {"alarm": "i-1", "title": "a\x07b"}, "title: came"),
        ("work-orders/wo-1/start", 404, {}, "work_order: came 'wo-1'"),
        ("work-orders/wo-00000001/finish", 400, {"cause": "x"}, "action: came nothing"),
        ("work-orders/wo-00000001/confirm", 409, {"closure": "x"}, "verify: the order is open"),
        ("work-orders/wo-00000001/start", 409, {"version": 7}, "version: came 7, allowed: 1"),
        ("work-orders/wo-00000001/verify", 503, {}, "there are no readings here"),
    ],
)
async def test_bad_input_changes_nothing(
    client: httpx.AsyncClient,
    path: str,
    status: int,
    said: dict[str, object],
    detail: str,
    register: Register,
) -> None:
    """A clear error, and nothing half-written."""
    if "wo-00000001" in path:
        await told(client, "work-orders", by="ada", alarm="i-1")
    head = register.verify_audit().head
    assert detail in await told(client, path, status, by="ada", **said)
    assert register.verify_audit().head == head


@pytest.mark.parametrize(
    ("readings", "outcome", "state"),
    [
        (Readings(), "passed", "verified"),
        (Readings("anomaly", bad=3), "passed", "verified"),
        (Readings("learning", bad=60), "passed", "verified"),
        (Readings("anomaly", bad=4), "failed", "open"),
        (Readings(minutes=9), "waiting", "done"),
    ],
)
def test_readings_after_the_work_decide(
    alarmed: Register, clock: Clock, readings: Readings, outcome: str, state: str
) -> None:
    """Good ones verify, flagged ones open it again, too few are waited for."""
    finished(alarmed, clock)
    assert follow(alarmed, readings, City(T0).snapshot()) == 1  # type: ignore[arg-type]
    assert readings.asked == ["riverside/station/pump-1/flow"]
    now = order(alarmed)
    assert now.state == state
    assert (now.verification or {"outcome": "waiting"})["outcome"] == outcome
    assert now.reopened == int(outcome == "failed")
    assert alarmed.verify_audit().faults == ()


def test_work_has_not_helped_while_the_alarm_is_active(alarmed: Register, clock: Clock) -> None:
    """Whatever the readings look like."""
    finished(alarmed, clock)
    with alarmed.changing(alarms.WHO) as writer:
        alarms.observe(writer, [incident("i-2", opened_ms=clock.now_ms)])
    assert desk.verify(alarmed, "wo-00000001", Readings(), "ada").outcome == "failed"


def test_without_readings_for_a_day_a_person_must_say() -> None:
    """It neither helped nor failed."""
    day_ms = verifying.GIVE_UP_MS
    assert verify({}, 0, HOUR_MS, is_active=False).outcome == "waiting"
    assert verify({}, 0, day_ms, is_active=False).outcome == "unproven"
    assert "an hour must follow" in verify({}, 0, HOUR_MS - 1, is_active=False).told


async def test_verify_asks_the_aggregator(alarmed: Register, clock: Clock) -> None:
    """Over HTTP too, with the readings of the live view."""
    finished(alarmed, clock)
    async with asking(alarmed, SimpleNamespace(live=Readings())) as client:
        seen = await told(client, "work-orders/wo-00000001/verify", by="ada")
    assert (seen["state"], seen["verification"]["outcome"]) == ("verified", "passed")


def test_every_deed_leads_to_a_state_with_a_way_on() -> None:
    """Only what was cancelled stays where it is; a deed means the same everywhere."""
    goals: dict[Deed, set[str]] = {}
    for deeds in TABLE.values():
        for deed, to in deeds.items():
            goals.setdefault(deed, set()).add(to)
            assert to in TABLE
    assert all(len(states) == 1 for states in goals.values())
    assert [state for state, deeds in TABLE.items() if set(deeds.values()) <= {state}] == [
        "cancelled"
    ]


def test_orders_of_one_writer_know_each_other(alarmed: Register) -> None:
    """Two alarms have two numbers, and an alarm has one order, before anything is written."""
    with alarmed.changing("ada") as writer:
        alarms.observe(writer, [incident("i-2", device="pump-2")])
        writer.flush()
        one = desk.open_order(writer, desk.Wanted(alarm="i-1"), "ada")
        other = desk.open_order(writer, desk.Wanted(alarm="i-2"), "ada")
        again = desk.open_order(writer, desk.Wanted(alarm="i-1"), "ada")
    assert (one, other, again) == ("wo-00000001", "wo-00000002", "wo-00000001")
    with alarmed.changing("ada") as writer:
        kept = [known(writer, "work_order", name)["alarm"] for name in (one, other)]
    assert kept == ["i-1", "i-2"]
