"""Runs the console beside the aggregator, in a thread of its own."""

import asyncio
import errno
import logging
import socket
import threading
from ipaddress import ip_address

import uvicorn

from lamppost.register.feed import Feed
from lamppost.register.live import LiveView
from lamppost.register.records.store import Register

START_S = 60.0
"""A cold start imports NiceGUI on a slow disk; longer than this is a failure."""

CLOSE_S = 1
"""Open connections get this long to finish."""

STOP_S = 4.0
PAGES_BACKLOG = 128

_running = threading.Lock()

log = logging.getLogger(__name__)


class Console:
    """The console page and the JSON API on one port.

    Args:
        live: What to show.
        host: Address to serve on; anything but loopback needs `access`.
        port: TCP port; 0 picks a free one, `port` tells which.
        access: Answer only to who signs in or shows a token of the register; without it,
            demo mode: everything is allowed, on this machine.
        register: The records that /api/v1 tells of; migrated already. Without it, that part
            of the API answers 503.

    Raises:
        RefusedError: `oidc.toml` in the register's data folder is not as it must be.
        ValueError: the host is not loopback and `access` is not set; or it is, without a
            register.
    """

    def __init__(
        self,
        live: LiveView,
        host: str = "127.0.0.1",
        port: int = 8080,
        *,
        access: bool = False,
        register: Register | None = None,
    ) -> None:
        self._is_local = is_loopback(host)
        if access and register is None:
            raise ValueError("console access: its users are in the register; there is none")
        if not self._is_local and not access:
            raise ValueError(
                f"console host: came {host!r}, allowed: 127.0.0.1, ::1 or localhost; "
                "demo mode, without sign-in, is for this machine only"
            )
        self._live = live
        self._register = register
        self._door = _door(register) if access and register is not None else None
        self._host = host
        self._wanted_port = port
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port served on; before `start` the one asked for."""
        if self._socket is None:
            return self._wanted_port
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Where a browser finds the console."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}"

    def start(self) -> None:
        """Serve from now on; returns when the page can be opened.

        Raises:
            OSError: the port is taken or the address is not of this machine.
            RuntimeError: another console runs in this process, or this one did not come up.
        """
        self._socket = _bind(self._host, self._wanted_port)
        if not _running.acquire(blocking=False):
            self._close_socket()
            raise RuntimeError("a console runs in this process already; stop it first")
        try:
            self._serve(self._socket)
        except BaseException:
            if self._thread is None:
                _running.release()
            self.stop()
            raise

    def stop(self) -> None:
        """Stop serving; returns within six seconds whatever hangs. May be repeated."""
        thread, server = self._thread, self._server
        if server is not None:
            server.should_exit = True
        if thread is not None:
            thread.join(STOP_S)
            if thread.is_alive() and server is not None:
                server.force_exit = True
                thread.join(CLOSE_S)
            if thread.is_alive():
                log.warning("the console did not stop in time; it ends with the process")
        self._thread = self._server = None
        self._close_socket()

    def _serve(self, bound: socket.socket) -> None:
        from lamppost.register.app import application
        from lamppost.register.records.uploads import forget_broken

        if self._register is not None:
            forget_broken(self._register.data_dir)
        app = application()
        app.state.feed = Feed(self._live)
        app.state.is_local = self._is_local
        app.state.door = self._door
        app.state.register = self._register
        self._server = server = _Server(
            uvicorn.Config(
                app,
                log_level="warning",
                log_config=None,  # the process has its own
                access_log=False,
                server_header=False,
                backlog=PAGES_BACKLOG,
                timeout_graceful_shutdown=CLOSE_S,
            )
        )
        _forget_pages()
        self._thread = threading.Thread(
            target=_run, args=(server, bound), name="console", daemon=True
        )
        self._thread.start()
        if not server.ready.wait(START_S) or not server.started:
            raise RuntimeError("the console did not start; the log says why")

    def _close_socket(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _door(register: Register) -> object:
    from lamppost.register.access.door import Door
    from lamppost.register.access.oidc import Oidc
    from lamppost.register.access.provider import read

    provider = read(register.data_dir)
    return Door(register, None if provider is None else Oidc(provider))


class _Server(uvicorn.Server):
    """A server that says when it listens, or that it never will."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _forget_pages() -> None:
    """Forget the pages of a console that has ended, or they count as open in the next one."""
    from nicegui import Client

    Client.instances.clear()


def _run(server: _Server, bound: socket.socket) -> None:
    try:
        asyncio.run(server.serve(sockets=[bound]))
    finally:
        _forget_pages()
        _running.release()
        server.ready.set()


def is_loopback(host: str) -> bool:
    """Return True for an address that only this machine can reach."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _bind(host: str, port: int) -> socket.socket:
    family, kind, proto, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, proto)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(PAGES_BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            told = (
                f"console port {port} on {host} is taken; choose another, or 0 for a free one"
            )
            raise OSError(errno.EADDRINUSE, told) from error
        raise
    return bound
