"""SensorThings: what a client of the standard sees of a seeded city."""

from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import frost_sta_client as fsc
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamppost.register.live import History
from lamppost.register.records.births import ChannelSeen
from lamppost.register.records.store import Register
from lamppost.register.sensorthings.asked import AskedError, read_filter, read_query
from lamppost.register.sensorthings.paths import Step, address, read_path
from lamppost.register.serve import Console

from .asking import PATIENCE_S, TRUST, fetch
from .city import City
from .registers import CHANNEL, FLOW, LEVEL, T0, Clock, birth
from .test_records_import import taken

ODD = ChannelSeen("speed 'ü'/%?#&", "boolean", "")
MINUTE_MS = 60_000
PLACES = """id,name,class,parent,criticality,district,geometry
station,Riverside,pumping station,,5,north,"{""type"":""Point"",""coordinates"":[11.0,48.0]}"
pump-1,O'Hara's Pump,pump,station,4,north,"{""type"":""Point"",""coordinates"":[11.1,48.1]}"
pump-2,Pump 2,pump,station,3,south,
"""


class Recorded(City):
    """A city whose store holds one reading of flow a minute, the third of them flagged."""

    def history(
        self,
        group: str,
        node: str,
        device: str,
        metric: str,
        from_ms: int,
        to_ms: int,
        step_ms: int,  # noqa: ARG002 - every reading is wanted
    ) -> History:
        """Return what was recorded; only flow ever was."""
        if (group, node, device, metric) != ("riverside", "station", "pump-1", "flow"):
            raise LookupError(metric)
        times = [T0 + n * MINUTE_MS for n in range(500)]
        times = [time for time in times if from_ms <= time < to_ms]
        none = (None,) * len(times)
        numbers = [(time - T0) // MINUTE_MS for time in times]
        flags = tuple(("stuck",) if number == 2 else () for number in numbers)
        return History(
            tuple(times), tuple(float(number) for number in numbers), none, none, none, flags
        )


@pytest.fixture
def base(register: Register, tmp_path: Path, clock: Clock) -> Iterator[str]:
    """A served register: two pumps, a node with three channels, flow bound to pump-1."""
    assert not taken(register, tmp_path, PLACES).problems
    register.observe_births([birth(replace(FLOW, rate_per_s=4.0), LEVEL, ODD)])
    register.bind(CHANNEL, "pump-1", "capacity_use", "ada", T0)
    clock.now_ms = T0 + 500 * MINUTE_MS
    city = Recorded(clock.now_ms)
    console = Console(city, port=0, register=register)
    console.start()
    app_feed_clock(console, clock)
    yield console.url
    city.hold.set()
    console.stop()


def app_feed_clock(console: Console, clock: Clock) -> None:
    """Let the served application live at the register's time."""
    from lamppost.register.app import application

    application().state.feed.now_ms = clock
    assert console.port


@pytest.fixture
def client(base: str) -> Iterator[httpx.Client]:
    """Plain HTTP to it."""
    with httpx.Client(base_url=f"{base}/v1.1", timeout=PATIENCE_S, verify=TRUST) as asking:
        yield asking


def ok(client: httpx.Client, path: str, **options: Any) -> Any:
    """Ask with options (top=1 is $top=1), and return the answer."""
    answer = client.get(path, params={f"${name}": value for name, value in options.items()})
    assert answer.status_code == HTTPStatus.OK, answer.text
    return answer.json()


@pytest.mark.filterwarnings("ignore:furl.pathstr is deprecated")  # the client's own
def test_a_client_of_the_standard_reads_it(base: str) -> None:
    """The FROST client lists things, follows to datastreams and reads observations."""
    service = fsc.SensorThingsService(f"{base}/v1.1")
    things = list(service.things().query().filter("properties/class eq 'pump'").list())
    assert sorted(thing.name for thing in things) == ["O'Hara's Pump", "Pump 2"]
    streams = service.datastreams().query().filter("Thing/name eq 'O''Hara''s Pump'").list()
    flow = next(iter(streams))
    assert (flow.name, flow.unit_of_measurement.symbol) == ("flow", "L/s")
    expanded = service.datastreams().query().expand("Observations($top=3)").list()
    told = next(one for one in expanded if one.name == "flow")
    results = [one.result for one in told.observations]  # follows the next links by itself
    assert results == [float(n) for n in range(499, -1, -1)]


def test_the_root_lists_every_entity_set(client: httpx.Client) -> None:
    """Each address in the list answers."""
    sets = ok(client, "")["value"]
    assert len(sets) == 8
    for one in sets:
        if one["name"] != "Observations":
            assert fetch(one["url"]).json()["value"], one


def test_every_link_of_every_entity_leads_somewhere(client: httpx.Client) -> None:
    """Addresses survive apostrophes, slashes and signs in names."""
    for name in ("Things", "Locations", "Datastreams", "Sensors", "ObservedProperties"):
        for entity in ok(client, name)["value"]:
            assert fetch(entity["@iot.selfLink"]).json()["@iot.id"] == entity["@iot.id"]
            links = [link for key, link in entity.items() if key.endswith("navigationLink")]
            assert links
            for link in links:
                assert fetch(link).status_code == HTTPStatus.OK, link


@pytest.mark.parametrize(
    ("name", "mandatory"),
    [
        ("Things", {"name", "description"}),
        ("Locations", {"name", "description", "encodingType", "location"}),
        ("HistoricalLocations", {"time"}),
        ("Datastreams", {"name", "description", "unitOfMeasurement", "observationType"}),
        ("Sensors", {"name", "description", "encodingType", "metadata"}),
        ("ObservedProperties", {"name", "definition", "description"}),
        ("FeaturesOfInterest", {"name", "description", "encodingType", "feature"}),
    ],
)
def test_what_the_standard_demands_is_there(
    client: httpx.Client, name: str, mandatory: set[str]
) -> None:
    """Every entity has its mandatory properties."""
    entities = ok(client, name)["value"]
    assert entities
    for entity in entities:
        assert mandatory <= entity.keys()
        assert all(entity[one] is not None for one in mandatory)


def test_a_stream_that_is_bound_belongs_to_the_asset_else_to_the_node(
    client: httpx.Client,
) -> None:
    """Flow tells of the pump, level of nothing but its node."""
    owners = {
        one["name"]: one["Thing"]["@iot.id"]
        for one in ok(client, "Datastreams", expand="Thing")["value"]
    }
    assert owners["flow"] == "asset:pump-1"
    assert owners["level"] == "node:riverside/station"


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("name eq 'flow'", {"flow"}),
        ("not startswith(name,'f')", {"level", ODD.metric}),
        ("substringof('eve',name) or endswith(tolower(name),'OW')", {"level"}),
        ("contains(name,'''ü''/%')", {ODD.metric}),
        ("Thing/properties/district eq 'north'", {"flow"}),
        ("Thing/Locations/name ne ''", {"flow"}),
        ("ObservedProperty/name eq 'level' and unitOfMeasurement/symbol eq 'm'", {"level"}),
        ("Sensor/@iot.id eq 'riverside/station/pump-1/flow'", {"flow"}),
        ("name eq '@iot.id'", set()),
    ],
)
def test_filters(client: httpx.Client, condition: str, found: set[str]) -> None:
    """Comparisons, functions, and paths over other entities."""
    rows = ok(client, "Datastreams", filter=condition)["value"]
    assert {one["name"] for one in rows} == found


def test_pages_hold_every_entity_once(client: httpx.Client) -> None:
    """Following nextLink in any order gives all, sorted, and the count says how many."""
    page = ok(client, "Things", top=1, orderby="name desc", count="true")
    total, names = page["@iot.count"], []
    while True:
        names += [one["name"] for one in page["value"]]
        if "@iot.nextLink" not in page:
            break
        page = fetch(page["@iot.nextLink"]).json()
    assert len(names) == total == 4
    assert names == sorted(names, reverse=True)


def test_a_page_of_nothing_has_no_next(client: httpx.Client) -> None:
    """It would lead to itself for ever; the count is still told."""
    page = ok(client, "Things", top=0, count="true")
    assert (page["@iot.count"], page["value"]) == (4, [])
    assert "@iot.nextLink" not in page
    inner = ok(client, "Things('asset:pump-1')", expand="Datastreams($top=0)")
    assert not [name for name in inner if name.startswith("Datastreams@iot.next")]
    readings = "Datastreams($expand=Observations($top=0))"
    stream = ok(client, "Things('asset:pump-1')", expand=readings)["Datastreams"][0]
    assert "Observations@iot.nextLink" not in stream
    of_asset = ok(client, "FeaturesOfInterest('asset:pump-1')/Observations", top=0)
    assert of_asset == {"value": []}


def test_the_next_page_of_an_expansion_keeps_to_its_options(client: httpx.Client) -> None:
    """Order, condition, selection and what is nested hold on every page."""
    inner = (
        "Observations($filter=result lt 9;$orderby=phenomenonTime asc;$top=2;$select=result)"
    )
    expand = f"Datastreams($filter=name eq 'flow';$expand={inner})"
    stream = ok(client, "Things('asset:pump-1')", expand=expand)["Datastreams"][0]
    page = fetch(stream["Observations@iot.nextLink"]).json()
    assert [one["result"] for one in page["value"]] == [2.0, 3.0]
    assert page["value"][0].keys() == {"@iot.id", "@iot.selfLink", "result"}
    ways = "Datastreams($top=1;$orderby=name desc;$expand=Thing),Datastreams/Sensor"
    node = ok(client, "Things('node:riverside/station')", expand=ways)
    page = fetch(node["Datastreams@iot.nextLink"]).json()
    assert {"Thing", "Sensor"} <= page["value"][0].keys()


def test_observations_by_time_and_value(client: httpx.Client) -> None:
    """Newest first unless asked otherwise; a condition on time and result keeps to it."""
    stream = ok(client, "Datastreams", filter="name eq 'flow'")["value"][0]
    path = f"Datastreams('{quote(stream['@iot.id'], safe='')}')/Observations"
    assert [one["result"] for one in ok(client, path, top=2)["value"]] == [499.0, 498.0]
    oldest = ok(client, path, top=3, orderby="phenomenonTime asc")
    assert [one["result"] for one in oldest["value"]] == [0.0, 1.0, 2.0]
    assert oldest["value"][2]["resultQuality"] == {"flags": ["stuck"], "good": False}
    assert fetch(oldest["@iot.nextLink"]).json()["value"][0]["result"] == 3.0
    since = oldest["value"][1]["phenomenonTime"]
    some = ok(client, path, filter=f"phenomenonTime le {since} and result gt 0")["value"]
    assert [one["result"] for one in some] == [1.0]
    again = fetch(some[0]["@iot.selfLink"]).json()
    assert (again["result"], again["phenomenonTime"]) == (1.0, since)
    of_asset = ok(client, "FeaturesOfInterest('asset:pump-1')/Observations", top=1)
    assert of_asset["value"][0]["result"] == 499.0


def test_select_keeps_only_what_was_named(client: httpx.Client) -> None:
    """Properties and ways may be named; the id and its address always come."""
    one = ok(client, "Things('asset:pump-1')", select="name,Datastreams")
    kept = {"@iot.id", "@iot.selfLink", "name", "Datastreams@iot.navigationLink"}
    assert one.keys() == kept


def test_expansions_nest_and_take_options(client: httpx.Client) -> None:
    """Both spellings of nested expansion do the same."""
    nested = ok(client, "Things('asset:pump-1')", expand="Datastreams/Sensor")
    inner = ok(client, "Things('asset:pump-1')", expand="Datastreams($expand=Sensor;$top=5)")
    assert nested["Datastreams"] == inner["Datastreams"]
    sensor = inner["Datastreams"][0]["Sensor"]
    told = sensor["properties"]
    assert (sensor["name"], told["rangeHigh"], told["ratePerSecond"]) == ("flow", 80.0, 4.0)


@pytest.mark.parametrize(
    ("path", "options", "told"),
    [
        ("Things", {"filter": "nosuch eq 1"}, "properties/class"),
        ("Things", {"filter": "name eq"}, "OData"),
        ("Things", {"filter": "geo.distance(name,geography'POINT (1 2)') lt 3"}, "contains"),
        ("Things", {"orderby": "nosuch"}, "one of id, name"),
        ("Things", {"expand": "Nothing"}, "Datastreams"),
        ("Things", {"expand": "Datastreams(("}, "close"),
        ("Things", {"expand": "Datastreams/Thing/Datastreams/Thing/Datastreams"}, "4 levels"),
        ("Things", {"select": "nosuch"}, "some of"),
        ("Things", {"top": "-1"}, "whole number"),
        ("Things", {"nosuch": "1"}, "$filter"),
        ("Observations", {}, "Datastreams('ID')/Observations"),
    ],
)
def test_what_cannot_be_done_is_told(
    client: httpx.Client, path: str, options: dict[str, str], told: str
) -> None:
    """A wrong option is a problem document that says what came and what is allowed."""
    answer = client.get(path, params={f"${name}": value for name, value in options.items()})
    assert answer.status_code == HTTPStatus.BAD_REQUEST, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.json()["detail"]


@pytest.mark.parametrize(
    "path", ["Nothing", "Things('no')", "Things('a')/Nothing", "Things/Datastreams", "Things('"]
)
def test_an_address_of_nothing_is_not_found(client: httpx.Client, path: str) -> None:
    """404, as a problem document."""
    answer = client.get(path)
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert answer.headers["content-type"] == "application/problem+json"


def test_nothing_can_be_written(client: httpx.Client) -> None:
    """It is read-only."""
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        answer = client.request(method, "Things('asset:pump-1')", json={"name": "x"})
        assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        assert answer.headers["content-type"] == "application/problem+json"
    assert ok(client, "Things('asset:pump-1')")["name"] == "O'Hara's Pump"


@given(st.text(min_size=1, max_size=80))
def test_any_id_survives_its_address(one: str) -> None:
    """What stands in an address comes back when it is read."""
    path = unquote(address("", "Things", one).removeprefix("/v1.1/"))
    assert read_path(path) == (Step("Things", one),)


@given(st.text(max_size=60))
@settings(suppress_health_check=[HealthCheck.filter_too_much])
def test_any_filter_parses_or_is_refused(text: str) -> None:
    """No text makes the parser fail in another way."""
    for read in (read_filter, lambda text: read_query([("$expand", text)])):
        told = ""
        try:
            assert read(text) is not None
        except AskedError as error:
            told = str(error)
        assert "allowed" in told or not told
