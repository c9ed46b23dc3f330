"""Starting and stopping the console."""

import shutil
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import httpx
import pytest
from fastapi import FastAPI
from nicegui import ui

from lamppost.register import app, serve
from lamppost.register.feed import wall_ms
from lamppost.register.pages.showing import READ_S
from lamppost.register.pages.top import PAGES_MAX
from lamppost.register.serve import CLOSE_S, STOP_S, Console, is_loopback
from parts.waiting import wait_for

from .asking import PATIENCE_S, TRUST, fetch
from .chrome import chromium
from .city import City


def test_port_zero_picks_a_free_port(console: Console) -> None:
    """The port is known as soon as start returns, and answers."""
    assert console.port > 0
    assert console.url == f"http://127.0.0.1:{console.port}"
    assert fetch(f"{console.url}/api/v0/health").status_code == 200


def test_a_taken_port_is_an_error_before_start_returns(city: City) -> None:
    """The error names the port and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"console port {port} on 127.0.0.1 is taken"):
            Console(city, port=port).start()


def test_a_console_can_be_started_again(city: City) -> None:
    """After stop, the same process can serve another view, and the old port is closed."""
    first = Console(city, port=0)
    first.start()
    url = first.url
    first.stop()
    with pytest.raises(httpx.ConnectError):
        fetch(url)
    other = City(wall_ms() - 5_000)
    second = Console(other, port=0)
    second.start()
    try:
        body = fetch(f"{second.url}/api/v0/health").json()
        assert body["time_ms"] == other.now_ms
    finally:
        second.stop()


def test_pages_of_a_console_that_ended_are_not_open(city: City) -> None:
    """Only what this console serves counts against its bound."""
    for _ in range(2):
        console = Console(city, port=0)
        console.start()
        try:
            with httpx.Client(trust_env=False, timeout=PATIENCE_S, verify=TRUST) as browser:
                told = {browser.get(console.url).status_code for _ in range(PAGES_MAX - 10)}
        finally:
            console.stop()
        assert told == {200}


def test_two_consoles_at_once_are_refused(console: Console, city: City) -> None:
    """The second says why, and the first goes on."""
    with pytest.raises(RuntimeError, match="already"):
        Console(city, port=0).start()
    assert fetch(console.url).status_code == 200


def test_stop_may_be_repeated_and_come_before_start(city: City) -> None:
    """Stopping is always allowed."""
    served = Console(city, port=0)
    served.stop()
    served.start()
    served.stop()
    served.stop()
    assert "console" not in [thread.name for thread in threading.enumerate()]


def test_stop_is_bounded_while_a_request_hangs(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A live view that never returns does not hold up the process."""
    assert STOP_S + CLOSE_S <= 6
    monkeypatch.setattr(serve, "STOP_S", 0.5)
    served = Console(city, port=0)
    served.start()
    city.hold.clear()

    def ask() -> None:
        with suppress(httpx.HTTPError):
            fetch(f"{served.url}/api/v0/nodes")

    asking = threading.Thread(target=ask)
    before = city.calls
    asking.start()
    wait_for(lambda: city.calls > before, "the request to hang")
    served.stop()  # comes back although nothing lets the request go on
    city.hold.set()
    asking.join(PATIENCE_S)
    assert not asking.is_alive()
    wait_for(lambda: "console" not in [one.name for one in threading.enumerate()], "its end")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.org"])  # noqa: S104
def test_demo_mode_is_for_this_machine(city: City, host: str) -> None:
    """Without sign-in the console serves this machine only."""
    with pytest.raises(ValueError, match="demo mode, without sign-in"):
        Console(city, host=host)


def test_every_page_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that read the register first: three seconds, NiceGUI's own bound, are soon over."""
    bounds: dict[str, float] = {}

    def noted(path: str, response_timeout: float = 3.0) -> Callable[[object], object]:
        bounds[path] = response_timeout
        return lambda build: build

    monkeypatch.setattr(ui, "page", noted)
    app._add_pages(FastAPI())
    assert len(bounds) > 8
    assert {path for path, bound_s in bounds.items() if bound_s < READ_S} == {"/"}


def test_demo_mode_says_so(console: Console) -> None:
    """On the page: nobody takes it for operation."""
    assert "Demo mode: without sign-in" in fetch(console.url).text


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_loopback_is_recognised(host: str) -> None:
    """All names of this machine alone are loopback."""
    assert is_loopback(host)


def test_without_chromium_a_laptop_skips_and_ci_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's tests never vanish silently where it matters."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no chromium"):
        chromium()
    monkeypatch.setenv("CI", "1")
    with pytest.raises(pytest.fail.Exception, match="CI needs"):
        chromium()
