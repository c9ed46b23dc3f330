"""Starting and stopping the console."""

import shutil
import socket
import threading
import time
from contextlib import suppress

import httpx
import pytest

from lamppost.register.feed import wall_ms
from lamppost.register.pages.top import PAGES_MAX
from lamppost.register.serve import Console, is_loopback

from .chrome import chromium
from .city import City


def test_port_zero_picks_a_free_port(console: Console) -> None:
    """The port is known as soon as start returns, and answers."""
    assert console.port > 0
    assert console.url == f"http://127.0.0.1:{console.port}"
    assert httpx.get(f"{console.url}/api/v0/health", trust_env=False).status_code == 200


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
        httpx.get(url, trust_env=False)
    other = City(wall_ms() - 5_000)
    second = Console(other, port=0)
    second.start()
    try:
        body = httpx.get(f"{second.url}/api/v0/health", trust_env=False).json()
        assert body["time_ms"] == other.now_ms
    finally:
        second.stop()


def test_pages_of_a_console_that_ended_are_not_open(city: City) -> None:
    """Only what this console serves counts against its bound."""
    for _ in range(2):
        console = Console(city, port=0)
        console.start()
        try:
            with httpx.Client(trust_env=False) as browser:
                told = {browser.get(console.url).status_code for _ in range(PAGES_MAX - 10)}
        finally:
            console.stop()
        assert told == {200}


def test_two_consoles_at_once_are_refused(console: Console, city: City) -> None:
    """The second says why, and the first goes on."""
    with pytest.raises(RuntimeError, match="already"):
        Console(city, port=0).start()
    assert httpx.get(console.url, trust_env=False).status_code == 200


def test_stop_may_be_repeated_and_come_before_start(city: City) -> None:
    """Stopping is always allowed."""
    served = Console(city, port=0)
    served.stop()
    served.start()
    served.stop()
    served.stop()
    assert "console" not in [thread.name for thread in threading.enumerate()]


def test_stop_is_bounded_while_a_request_hangs(city: City) -> None:
    """A live view that never returns does not hold up the process."""
    served = Console(city, port=0)
    served.start()
    city.hold.clear()

    def ask() -> None:
        with suppress(httpx.HTTPError):
            httpx.get(f"{served.url}/api/v0/nodes", trust_env=False, timeout=30)

    asking = threading.Thread(target=ask)
    asking.start()
    began = time.monotonic()
    release = threading.Timer(10, city.hold.set)
    release.start()
    served.stop()
    assert time.monotonic() - began < 9
    release.cancel()
    city.hold.set()
    asking.join(10)
    assert not asking.is_alive()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.org"])  # noqa: S104
def test_demo_mode_is_for_this_machine(city: City, host: str) -> None:
    """Without sign-in the console serves this machine only."""
    with pytest.raises(ValueError, match="demo mode, without sign-in"):
        Console(city, host=host)


def test_demo_mode_says_so(console: Console) -> None:
    """On the page: nobody takes it for operation."""
    assert "Demo mode: without sign-in" in httpx.get(console.url, trust_env=False).text


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
