"""What people say of channels: links to assets, calibrations."""

from pathlib import Path
from typing import Any

import pytest

from lamppost.register.records.links import RefusedError
from lamppost.register.records.reading import Wanted
from lamppost.register.records.store import Register
from lamppost.register.records.values import Channel, Link

from .asking import asking, told
from .registers import CHANNEL, FLOW, T0, Clock, birth
from .test_records_import import PUMPS, taken

DAY_MS = 86_400_000


@pytest.fixture
def city(any_register: Register, tmp_path: Path) -> Register:
    """A register with three assets and a channel."""
    taken(any_register, tmp_path, PUMPS)
    any_register.observe_births([birth(FLOW)])
    return any_register


def links(register: Register, **filters: object) -> tuple[Link, ...]:
    """Return all links that match, ended ones too."""
    return register.page("links", Wanted(filters, state="all")).items


def test_a_channel_is_bound_once_in_a_role(city: Register) -> None:
    """Said twice is said once; another role is another link."""
    first, new = city.bind(CHANNEL, "pump-1", "capacity_use", "ada", T0)
    assert (first, new) == (links(city)[0].id, True)
    assert city.bind(CHANNEL, "pump-1", "capacity_use", "bob") == (first, False)
    assert city.bind(CHANNEL, "pump-1", "state", "bob")[1]
    assert city.bind(CHANNEL, "station", "environment", "bob")[1]
    (found,) = links(city, role="capacity_use")
    assert (found.channel, found.asset, found.asserted_by) == (CHANNEL, "pump-1", "ada")
    assert (found.valid_from_ms, found.valid_to_ms) == (T0, None)
    assert len(links(city, asset="pump-1")) == 2


def test_a_link_ends_and_a_new_one_may_follow(city: Register, clock: Clock) -> None:
    """The past stays what it was."""
    first, _ = city.bind(CHANNEL, "pump-1", "state", "ada", T0)
    assert city.unbind(first, "ada", T0 + DAY_MS)
    assert not city.unbind(first, "bob", T0 + 2 * DAY_MS)
    clock.now_ms = T0 + 3 * DAY_MS
    second, new = city.bind(CHANNEL, "pump-1", "state", "ada")
    assert new
    assert second != first
    spans = {(one.valid_from_ms, one.valid_to_ms) for one in links(city)}
    assert spans == {(T0, T0 + DAY_MS), (T0 + 3 * DAY_MS, None)}
    then = city.page("links", Wanted({}, at_ms=T0 + DAY_MS - 1)).items
    assert [one.id for one in then] == [first]
    assert city.page("links", Wanted({}, at_ms=T0 + DAY_MS)).total == 0
    assert city.verify_audit().faults == ()


@pytest.mark.parametrize(
    ("channel", "asset", "role", "who", "told"),
    [
        (
            "riverside/x",
            "pump-1",
            "state",
            "ada",
            "channel: came 'riverside/x', allowed: the id",
        ),
        (CHANNEL, "pump-9", "state", "ada", "asset: came 'pump-9', allowed: the id"),
        (CHANNEL, "pump-1", "owner", "ada", "role: came 'owner', allowed: state, capacity"),
        (CHANNEL, "pump-1", "state", "a\nb", "by: came 'a\\nb', allowed: 1 to 200"),
    ],
)
def test_what_cannot_be_bound_is_told(
    city: Register, channel: str, asset: str, role: str, who: str, told: str
) -> None:
    """Nothing is half written."""
    with pytest.raises(RefusedError) as error:
        city.bind(channel, asset, role, who)
    assert told in str(error.value)
    assert links(city) == ()


def test_times_that_cannot_be_are_refused(city: Register) -> None:
    """A link cannot end before it began, nor begin again at the same time."""
    one, _ = city.bind(CHANNEL, "pump-1", "state", "ada", T0)
    with pytest.raises(RefusedError, match="allowed: from 1760000000000, when it began"):
        city.unbind(one, "ada", T0 - 1)
    city.unbind(one, "ada", T0)
    with pytest.raises(RefusedError, match="the link of that time has ended"):
        city.bind(CHANNEL, "pump-1", "state", "ada", T0)
    with pytest.raises(RefusedError, match="link: came 'none'"):
        city.unbind("none", "ada")


def test_a_calibration_is_noted_and_births_leave_it(city: Register) -> None:
    """What a person says of a channel stays when the node is born again."""
    assert city.calibrate(CHANNEL, "ada", T0, T0 + DAY_MS, "C-17")
    assert not city.calibrate(CHANNEL, "ada", T0, T0 + DAY_MS, "C-17")
    city.observe_births([birth(FLOW, at_ms=T0 + 9)])
    found = city.one("channels", CHANNEL)
    assert isinstance(found, Channel)
    noted = (found.calibrated_ms, found.calibration_due_ms, found.certificate)
    assert noted == (T0, T0 + DAY_MS, "C-17")
    (_, entry) = city.trail("channel", CHANNEL).items
    assert (entry.who, entry.what) == ("ada", "update")
    with pytest.raises(RefusedError, match="due: came"):
        city.calibrate(CHANNEL, "ada", T0, T0)


def test_how_good_a_channel_may_be_is_noted_and_births_leave_it(city: Register) -> None:
    """Each fact by itself, with an entry; the trail of before and after holds."""
    assert city.rate(CHANNEL, "ada", 0.5, None)
    assert city.rate(CHANNEL, "ada", None, "reference")
    assert not city.rate(CHANNEL, "ada", 0.5, "reference")
    city.observe_births([birth(FLOW, at_ms=T0 + 9)])
    found = city.one("channels", CHANNEL)
    assert isinstance(found, Channel)
    assert (found.accuracy, found.uncertainty_class) == (0.5, "reference")
    assert [entry.who for entry in city.trail("channel", CHANNEL).items] == [
        "births",
        "ada",
        "ada",
    ]
    assert city.verify_audit().faults == ()
    for accuracy, rated in ((0.0, None), (float("nan"), None), (None, "best")):
        with pytest.raises(RefusedError, match="allowed"):
            city.rate(CHANNEL, "ada", accuracy, rated)


@pytest.mark.asyncio
async def test_all_of_it_can_be_said_over_http(city: Register) -> None:
    """Bound, ended, calibrated and rated, by whom the trail names; what is wrong is told."""
    async with asking(city) as client:
        said: dict[str, Any] = {
            "by": "ada",
            "channel": CHANNEL,
            "asset": "pump-1",
            "role": "state",
        }
        link = await told(client, "links", **said)
        assert (link["asserted_by"], link["valid_from_ms"]) == ("ada", T0)
        assert (await told(client, "links", **said))["id"] == link["id"], "said twice"
        ended = await told(client, f"links/{link['id']}/end", by="bob", until_ms=T0 + 1)
        assert (ended["ended_by"], ended["valid_to_ms"]) == ("bob", T0 + 1)
        of = f"channels/{CHANNEL}"
        noted = await told(client, f"{of}/calibrate", by="ada", done_ms=T0, certificate="C-7")
        assert (noted["calibrated_ms"], noted["certificate"]) == (T0, "C-7")
        rated = await told(client, f"{of}/rate", by="ada", uncertainty_class="reference")
        assert (rated["uncertainty_class"], rated["certificate"]) == ("reference", "C-7")
        wrong = await told(client, "links", 400, **(said | {"asset": "none"}))
        assert wrong == "asset: came 'none', allowed: the id of one that is known here"
        due = await told(client, f"{of}/calibrate", 400, by="a", done_ms=T0, due_ms=T0 - 1)
        assert "after the calibration" in due
        await told(client, "channels/a/b/c/d/rate", 404, by="ada", accuracy=1.0)
        await told(client, "links/none/end", 404, by="ada")
    assert [one.who for one in city.trail("link").items] == ["ada", "bob"]
