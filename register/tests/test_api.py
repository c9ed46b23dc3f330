"""The JSON API over HTTP, with a city behind it."""

from dataclasses import replace

import httpx
import pytest

from lamppost.register.api import plain
from lamppost.register.live import HISTORY_POINTS_MAX
from lamppost.register.serve import Console

from .asking import PATIENCE_S, fetch
from .city import GROUP, City

FLOW = {"group": GROUP, "node": "pump-station-1", "device": "pump-1", "metric": "flow"}


def get(console: Console, path: str, **params: object) -> httpx.Response:
    """Ask the console's API."""
    query = {name: str(value) for name, value in params.items()}
    return fetch(f"{console.url}/api/v0{path}", params=query)


def refused(answer: httpx.Response, status: int) -> str:
    """Return the detail of an error, after checking that it is a problem document."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    return str(body["detail"])


def test_incidents_and_maintenance_are_listed(console: Console, city: City) -> None:
    """Open and closed ones apart, by node, and who works where."""
    city.burst()
    city.work()
    body = get(console, "/incidents", open=1).json()
    assert body["total"] == 1
    assert body["incidents"][0]["channels"] == ["flow", "pressure", "level"]
    assert get(console, "/incidents", open=0).json()["total"] == 0
    assert get(console, "/incidents", node="lights-west").json()["total"] == 0
    assert get(console, "/events").json()["events"][0]["incident"] == "incident-1"
    (window,) = get(console, "/maintenance").json()["maintenance"]
    assert (window["device"], window["by"]) == ("pump-2", "A. Fitter")


def test_snapshot_holds_everything(console: Console, city: City) -> None:
    """One call gives nodes, channels, events, ledger and health, field for field."""
    city.leak()
    body = get(console, "/snapshot").json()
    assert body["totals"] == {
        "nodes": 3,
        "channels": 37,
        "events": 1,
        "incidents": 0,
        "maintenance": 0,
        "ledger": 3,
    }
    assert body["time_ms"] == city.now_ms
    flow = next(
        c for c in body["channels"] if c["device"] == "pump-1" and c["metric"] == "flow"
    )
    assert (flow["value"], flow["unit"], flow["flags"]) == (55.1, "L/s", ["anomaly"])
    assert body["events"][0]["event_class"] == "process_anomaly"
    assert body["health"]["broker"] == "ok"
    assert body["nodes"][0]["autonomy_h"] == 61.0


def test_lists_are_bounded_and_say_how_many_there_are(console: Console) -> None:
    """A limit cuts the list, never the count."""
    body = get(console, "/channels", limit=5).json()
    assert len(body["channels"]) == 5
    assert body["total"] == 37
    assert "limit" in refused(get(console, "/channels", limit=0), 400)
    assert "limit" in refused(get(console, "/channels", limit=1_000_000), 400)


def test_lists_can_be_narrowed_to_a_node(console: Console) -> None:
    """`node` and `group` keep what belongs to them."""
    assert get(console, "/channels", node="air-mast-7").json()["total"] == 4
    assert get(console, "/ledger", node="air-mast-7").json()["total"] == 1
    assert get(console, "/nodes", group="elsewhere").json() == {
        "time_ms": get(console, "/health").json()["time_ms"],
        "total": 0,
        "nodes": [],
    }


def test_events_can_be_only_open_or_only_closed(console: Console, city: City) -> None:
    """`open=1` leaves out what is over, `open=0` what is not."""
    city.leak()
    city.over()
    ids = {
        told: [e["id"] for e in get(console, "/events", **params).json()["events"]]
        for told, params in {"all": {}, "open": {"open": 1}, "closed": {"open": 0}}.items()
    }
    assert ids == {"all": ["leak-1", "spike-1"], "open": ["leak-1"], "closed": ["spike-1"]}
    assert "open" in refused(get(console, "/events", open="perhaps"), 400)


def test_a_number_that_is_not_finite_becomes_null(console: Console, city: City) -> None:
    """JSON has no NaN; a reader must not choke on one."""
    city.change("mast", "no2", value=float("nan"), low=float("-inf"))
    channels = get(console, "/channels", node="air-mast-7").json()["channels"]
    no2 = next(c for c in channels if c["metric"] == "no2")
    assert (no2["value"], no2["low"]) == (None, None)
    assert plain((1.5, float("inf"), True, "x")) == [1.5, None, True, "x"]


def test_history_is_columns_of_equal_length(console: Console, city: City) -> None:
    """The last hour comes by default, as columns with the step that was taken."""
    city.leak()
    body = get(console, "/history", **FLOW).json()
    assert body["to_ms"] - body["from_ms"] == 3_600_000
    assert body["step_ms"] == 6_000
    lengths = {len(body[name]) for name in ("time_ms", "value", "expected", "low", "high")}
    assert lengths == {600}
    assert body["flags"][-1] == ["anomaly"]


@pytest.mark.parametrize(
    ("changes", "status", "told"),
    [
        ({"metric": "flo"}, 404, "no channel 'riverside/pump-station-1/pump-1/flo'"),
        ({"from_ms": 10, "to_ms": 10}, 400, "from_ms: came 10, allowed: less than to_ms"),
        ({"from_ms": 0, "to_ms": 10**12, "step_ms": 1}, 400, f"most {HISTORY_POINTS_MAX}"),
        ({"from_ms": "yesterday"}, 400, "from_ms: came 'yesterday'"),
        ({"to_ms": 10**17}, 400, "to_ms: came"),
        ({"step_ms": 0}, 400, "step_ms: came '0'"),
        ({"metric": "x" * 300}, 400, "metric: came"),
    ],
    ids=["unknown", "empty window", "too many points", "no number", "far", "zero", "long"],
)
def test_history_refuses_with_reason(
    console: Console, changes: dict[str, object], status: int, told: str
) -> None:
    """What cannot be answered says what came and what is allowed."""
    assert told in refused(get(console, "/history", **(FLOW | changes)), status)


def test_history_needs_names(console: Console) -> None:
    """Missing names are named."""
    assert "metric: came nothing" in refused(get(console, "/history", node="x"), 400)


def test_a_store_that_does_not_answer_is_a_503(console: Console, city: City) -> None:
    """The reason of the store is passed on."""
    city.history_fault = OSError("connection refused")
    told = refused(get(console, "/history", **FLOW), 503)
    assert told == "the store does not answer: connection refused"


def test_an_unknown_resource_lists_the_known_ones(console: Console) -> None:
    """A typo in the path is answered like any other error."""
    assert "snapshot, nodes, channels" in refused(get(console, "/node"), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/v1/assets", "GET, HEAD"),
        ("DELETE", "/api/v1/alarms/a", "GET, HEAD"),
        ("GET", "/api/v1/alarms/a/acknowledge", "POST"),
        ("PATCH", "/api/v1/resources/a", "GET, HEAD, POST"),
        ("OPTIONS", "/metrics", "GET, HEAD"),
        ("POST", "/api/v0/health", "GET, HEAD"),
        ("POST", "/v1.1", "GET, HEAD"),
    ],
)
def test_a_method_that_a_path_does_not_have_is_told(
    console: Console, method: str, path: str, allowed: str
) -> None:
    """405, as a problem document that says which it has; never a page."""
    answer = httpx.request(method, console.url + path, trust_env=False, timeout=PATIENCE_S)
    assert allowed in refused(answer, 405)
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api"), ("GET", "/api/v1"), ("GET", "/api/v2/assets"), ("PUT", "/api/v1/no")],
)
def test_a_path_of_no_version_is_no_page(console: Console, method: str, path: str) -> None:
    """A script that asks for it gets a problem document."""
    answer = httpx.request(method, console.url + path, trust_env=False, timeout=PATIENCE_S)
    assert "openapi.json" in refused(answer, 404)


@pytest.mark.parametrize("path", ["/api/v0/health", "/api/v1/openapi.json", "/v1.1/"])
def test_head_is_get_without_a_body(console: Console, path: str) -> None:
    """The same status and headers, and nothing after them."""
    answer = httpx.head(console.url + path, trust_env=False, timeout=PATIENCE_S)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) > 0


def test_a_failing_live_view_is_a_problem_document_too(console: Console, city: City) -> None:
    """Even a bug behind the seam comes as JSON, without its inner message."""
    city.fault = RuntimeError("inner detail")
    told = refused(get(console, "/nodes"), 500)
    assert "inner detail" not in told


def test_a_foreign_host_name_is_refused(console: Console) -> None:
    """A name that merely resolves to 127.0.0.1 does not open the console to a web page."""
    answer = fetch(f"{console.url}/api/v0/nodes", headers={"Host": "evil.example"})
    assert "came 'evil.example'" in refused(answer, 403)


def test_a_foreign_origin_is_refused(console: Console) -> None:
    """A page of another origin cannot use the console, its own page can."""
    for origin, status in (("https://evil.example", 403), (console.url, 200)):
        answer = fetch(f"{console.url}/api/v0/nodes", headers={"Origin": origin})
        assert answer.status_code == status


def test_answers_are_not_cached_and_load_nothing_from_elsewhere(console: Console) -> None:
    """The headers hold for page and API."""
    assert get(console, "/nodes").headers["cache-control"] == "no-store"
    page = fetch(console.url)
    assert "default-src 'self'" in page.headers["content-security-policy"]


def test_the_snapshot_is_read_afresh_for_each_request(console: Console, city: City) -> None:
    """A script sees a change at once, not with the next poll."""
    city.health = replace(city.health, judged=99)
    assert get(console, "/health").json()["judged"] == 99
