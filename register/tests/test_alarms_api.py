"""Alarms over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from lamppost.register.alarms import desk
from lamppost.register.bodies import BODY_BYTES_MAX
from lamppost.register.records.store import Register

from .asking import asking, body, told
from .registers import T0, Clock, incident

HOSTILE = '<script>alert("x")</script>\u202e=cmd()'


@pytest_asyncio.fixture
async def client(register: Register) -> AsyncIterator[httpx.AsyncClient]:
    """Five alarms, two of them at the same time."""
    with register.changing(desk.WHO) as writer:
        desk.observe(
            writer,
            [
                incident("a", opened_ms=T0),
                incident("b", opened_ms=T0, severity=0.1),
                incident("c", opened_ms=T0 + 1, kind="stuck", incident_class="sensor_fault"),
                incident("d", opened_ms=T0 + 2, closed_ms=T0 + 3),
                incident("e", opened_ms=T0 + 4, device=""),
            ],
        )
    async with asking(register) as client:
        yield client


async def test_the_newest_come_first_page_by_page(client: httpx.AsyncClient) -> None:
    """Pages meet without a gap, also where two were raised at once."""
    ids: list[str] = []
    after: str | None = ""
    for _ in range(3):
        page = await body(client, f"alarms?limit=2&after={after}")
        assert page["total"] == 5
        ids += [one["id"] for one in page["items"]]
        after = page["next"]
    assert ids == ["e", "d", "c", "b", "a"]
    assert after is None


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ("state=returned_unacknowledged", "d"),
        ("open=true", "edcba"),
        ("open=false", ""),
        ("class=sensor_fault&kind=stuck", "c"),
        ("source=riverside/station", "e"),
        ("priority=4", "b"),
        (f"from_ms={T0 + 1}&to_ms={T0 + 4}", "dc"),
        ("assignee=ada", ""),
    ],
)
async def test_filters(client: httpx.AsyncClient, asked: str, ids: str) -> None:
    """Each filter leaves what it says."""
    page = await body(client, f"alarms?{asked}")
    assert "".join(one["id"] for one in page["items"]) == ids
    assert page["total"] == len(ids)


async def test_an_alarm_through_its_life(client: httpx.AsyncClient, clock: Clock) -> None:
    """Assigned, acknowledged, put away, taken back, judged: each answer is the alarm then."""
    assert (await told(client, "alarms/a/assign", by="ada", to="bob"))["assignee"] == "bob"
    assert (await told(client, "alarms/a/acknowledge", by="bob"))["state"] == "acknowledged"
    until_ms = clock.now_ms + 60_000
    shelved = await told(client, "alarms/a/shelve", by="bob", reason="known", until_ms=until_ms)
    assert (shelved["state"], shelved["hold_until_ms"]) == ("shelved", until_ms)
    back = await told(client, "alarms/a/unshelve", by="bob", version=shelved["version"])
    assert (back["state"], back["hold_reason"]) == ("acknowledged", None)
    await told(client, "alarms/a/suppress", by="bob", reason="works nearby")
    await told(client, "alarms/a/unsuppress", by="bob")
    await told(client, "alarms/a/remove", by="bob", reason="broken for good")
    assert (await told(client, "alarms/a/restore", by="bob"))["state"] == "acknowledged"
    judged = await told(client, "alarms/a/verdict", by="bob", verdict="false", note=HOSTILE[:9])
    assert (judged["verdict"], judged["verdict_by"]) == ("false", "bob")
    report = await body(client, f"alarms/detectors?from_ms={T0}&to_ms={T0 + 10}")
    worst = report["kinds"][0]
    assert (worst["kind"], worst["false"]) == ("deviation", 1)
    trail = await body(client, "audit?kind=alarm&record=a")
    assert [one["what"] for one in trail["items"]] == [
        "create", "assign", "acknowledge", "shelve", "unshelve", "suppress", "unsuppress",
        "remove", "restore", "judge",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "status", "said", "detail"),
    [
        ("alarms/zz/acknowledge", 404, {"by": "ada"}, "alarm: came 'zz'"),
        ("alarms/a/unshelve", 409, {"by": "ada"}, "unshelve: the alarm is unacknowledged"),
        (
            "alarms/a/shelve",
            400,
            {"by": "ada", "reason": "x", "until_ms": T0},
            "until_ms: came",
        ),
        ("alarms/a/shelve", 400, {"by": "ada", "until_ms": T0 + 9}, "reason: came nothing"),
        ("alarms/a/assign", 409, {"by": "ada", "to": "bob", "version": 9}, "version: came 9"),
        ("alarms/a/acknowledge", 400, {"by": HOSTILE}, "by: came"),
        ("alarms/a/acknowledge", 400, {"by": "ada", "vresion": 1}, "vresion: came 1"),
        ("alarms/a/verdict", 400, {"by": "ada", "verdict": "maybe"}, "verdict: came 'maybe'"),
        ("alarms/a/remove", 400, {"by": "ada", "reason": "\x00"}, "reason: came"),
    ],
)
async def test_bad_input_changes_nothing(
    client: httpx.AsyncClient, path: str, status: int, said: dict[str, object], detail: str
) -> None:
    """A clear error, and nothing half-written."""
    before = await body(client, "alarms/a")
    assert detail in await told(client, path, status, **said)
    assert await body(client, "alarms/a") == before


@pytest.mark.parametrize("asked", ["after=1", "after=x:a", "limit=0", "sort=up", "priority=9"])
async def test_a_question_nobody_understands_is_refused(
    client: httpx.AsyncClient, asked: str
) -> None:
    """Ignored, it would be answered with everything."""
    answer = await client.get(f"alarms?{asked}")
    assert (answer.status_code, answer.json()["title"]) == (400, "Bad Request")


@pytest.mark.parametrize("stated", [True, False])
async def test_a_body_of_ten_megabytes_is_refused(
    client: httpx.AsyncClient, stated: bool
) -> None:
    """With or without saying so beforehand."""
    piece = b" " * (BODY_BYTES_MAX // 2)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield piece

    answer = await client.post(
        "alarms/a/acknowledge", content=piece * 20 if stated else pieces()
    )
    assert answer.status_code == 413
    assert "at most 1048576 bytes" in answer.json()["detail"]


async def test_an_unchanged_list_is_not_sent_again(client: httpx.AsyncClient) -> None:
    """The ETag follows what is shown."""
    first = await client.get("alarms")
    same = {"If-None-Match": first.headers["etag"]}
    assert (await client.get("alarms", headers=same)).status_code == 304
    await told(client, "alarms/a/acknowledge", by="ada")
    assert (await client.get("alarms", headers=same)).status_code == 200


async def test_kpis_are_told_for_a_period(client: httpx.AsyncClient) -> None:
    """A period that is none is refused."""
    kpis = await body(client, f"alarms/kpis?from_ms={T0}&to_ms={T0 + 600_000}&operators=2")
    assert (kpis["raised"], kpis["per_operator_10min"]) == (5, 2.5)
    assert (await client.get(f"alarms/kpis?from_ms={T0}&to_ms={T0}")).status_code == 400


async def test_escalation_is_read_and_decided(client: httpx.AsyncClient) -> None:
    """What is built in, what somebody decided, never; what is none is refused."""
    before = (await body(client, "alarms/escalation"))["items"]
    assert [(one["priority"], one["minutes"], one["tell"]) for one in before] == [
        (1, 10, []), (2, 30, []), (3, 240, []), (4, None, []),
    ]  # fmt: skip
    said: dict[str, Any] = {
        "by": "sue",
        "priority": 2,
        "minutes": 5,
        "tell": ["shift", "", "chief"],
    }
    after = await told(client, "alarms/escalation", **said)
    assert after["items"][1] == {"priority": 2, "minutes": 5, "tell": ["shift", "", "chief"]}
    after = await told(client, "alarms/escalation", **(said | {"minutes": None}))
    assert after["items"][1]["minutes"] is None
    for wrong in ({"priority": 5}, {"minutes": 0}, {"tell": ["a"] * 4}, {"tell": ["\x00"]}):
        assert "came" in await told(client, "alarms/escalation", 400, **(said | wrong))
