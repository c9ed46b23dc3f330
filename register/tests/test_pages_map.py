"""The map: its picture is bounded and loses nothing, and the page in headless Chromium."""

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, expect

from lamppost.register.pages.map import draw
from lamppost.register.pages.picture import BOXES_MAX, near, picture
from lamppost.register.records.deciding import UnknownError
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.resources import deciding
from lamppost.register.resources.graph import Edge, Graph, Thing, graph
from lamppost.register.resources.latest import latest
from lamppost.register.serve import Console

from .city import City
from .consoles import serving
from .looking import PHONE, check_sound
from .registers import FLOW, LEVEL, birth
from .test_pages_alarms import EVIL

pytestmark = pytest.mark.asyncio(loop_scope="module")


def wide(streams: int) -> Graph:
    """A node with many streams, which feed a dataset that another one derives from."""
    names = [f"stream:s{n:03}" for n in range(streams)]
    keys = ["node:n", "device:d", *names, "dataset:a", "dataset:b", "indicator:lone"]
    edges = [Edge("node:n", "device:d", "has"), Edge("dataset:a", "dataset:b", "derives")]
    edges += [Edge("device:d", name, "sends") for name in names]
    edges += [Edge(name, "dataset:a", "feeds") for name in names[1:]]
    return graph([Thing(key, key.partition(":")[0], key) for key in keys], edges)


async def test_a_picture_is_bounded_and_counts_what_it_does_not_show() -> None:
    """Of many streams those nearest have boxes, the rest one; lines end at boxes."""
    whole = wide(300)
    part, steps = near(whole, "node:n", 9)
    shown = picture(part, steps)
    streams = [box for box in shown.boxes.values() if box.kind == "stream"]
    assert len(streams) == BOXES_MAX
    assert [box.name for box in streams if box.is_count] == ["289 more streams"]
    assert {line.source for line in shown.lines} < set(shown.boxes)
    folded = next(line for line in shown.lines if line.source == "stream+")
    assert (folded.target, folded.count) == ("dataset:a", 288)
    assert "indicator:lone" not in shown.boxes
    places = [(box.column, box.row) for box in shown.boxes.values()]
    assert len(set(places)) == len(places)
    assert places == sorted(places)


async def test_without_a_focus_the_field_is_counted() -> None:
    """As soon as there are many, nodes, devices and streams are a box each."""
    assert picture(wide(BOXES_MAX)).boxes["stream:s000"].name == "stream:s000"
    assert picture(wide(BOXES_MAX + 1)).boxes["stream+"].name == "13 streams"


async def test_steps_bound_what_is_near() -> None:
    """Two steps from the node end at its streams."""
    part, _ = near(wide(3), "node:n", 2)
    assert {thing.kind for thing in part.things.values()} == {"node", "device", "stream"}


@pytest.fixture
def mapped(register: Register) -> Register:
    """A device with two streams; one feeds a dataset with a hostile name and a consumer."""
    register.observe_births([birth(FLOW, LEVEL)])
    with register.changing("ada") as writer:
        facts = {"name": EVIL, "owner": "Water", "gathers_class": "flow"}
        deciding.enter(writer, "flows", "dataset", facts)
        deciding.enter(writer, "desk", "consumer", {"name": "Desk", "owner": "Control"})
        deciding.connect(writer, "dataset:flows", "consumer:desk", "ada")
    return register


async def test_the_map_is_read_again_when_something_has_changed(mapped: Register) -> None:
    """The same map while nothing changes, another one after a deed."""
    first = latest(mapped)
    assert latest(mapped) is first
    with mapped.changing("ada") as writer:
        deciding.enter(writer, "more", "consumer", {"name": "More"})
    assert "consumer:more" in latest(mapped).graph.things


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"kind": "dataset"}, "1 thing<"),
        ({"find": "FLOW@"}, "1 thing<"),
        ({"find": "no such"}, "Nothing is like that."),
        ({"focus": "flows"}, "has no steward"),
        (
            {"focus": "device:riverside/station/pump-1"},
            "Lost: 1 consumer, 1 dataset, 2 streams",
        ),
        ({"focus": "flows", "hops": "1"}, "3 things"),
    ],
)
async def test_what_the_address_asks_for(
    mapped: Register, query: dict[str, str], told: str
) -> None:
    """Focus, steps, kind and words; findings and what breaks are told of the focus."""
    assert told in draw(mapped, query).body


async def test_what_is_not_on_the_map(mapped: Register) -> None:
    """A focus that is none, a kind that is none: refused, in words."""
    with pytest.raises(UnknownError, match="came 'dataset:none'"):
        draw(mapped, {"focus": "dataset:none"})
    with pytest.raises(RefusedError, match="kind: came 'cellar'"):
        draw(mapped, {"kind": "cellar"})


@pytest.fixture
def served(city: City, mapped: Register) -> Iterator[Console]:
    """A console with this map."""
    with serving(city, mapped) as console:
        yield console


async def test_the_map_is_walked_by_keyboard_on_a_phone(
    browser: Browser, served: Console
) -> None:
    """From the picture to what breaks; hostile names stay text, axe finds nothing."""
    page = await browser.new_page(viewport=PHONE)
    await page.goto(f"{served.url}/map")
    drawn = page.locator("svg.map")
    await drawn.get_by_role("link", name="node riverside/station").press("Enter")
    await expect(page.get_by_role("heading", name="What breaks if it goes")).to_be_visible()
    lost = drawn.get_by_role("link", name="Desk, owner Control, lost when")
    await expect(lost).to_have_count(1)
    await check_sound(page)
    await (
        page.get_by_role("table", name="What is on the map")
        .get_by_role("link", name=EVIL)
        .press("Enter")
    )
    await expect(page.locator("h1")).to_have_text(f"{EVIL} on the map")
    await expect(drawn.locator(".focus")).to_be_in_viewport()
    await page.close()
