"""Where Grafana's notification of the canary arrives: a webhook that notes the time."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RULE = "canary"
"""The label `lamppost` of the rule "The canary sings"."""
MAX_BODY_BYTES = 1 << 20
SOCKET_TIMEOUT_S = 10.0


class Receiver:
    """Listens until it is closed.

    Args:
        host: address to listen on.
        port: 0 for any free one.
        canary: the host that the canary sings for; other hosts' are passed over.
        clock_ms: UTC milliseconds.

    Raises:
        OSError: it cannot listen there.

    Attributes:
        heard_ms: when the last notification came, 0 before.
    """

    def __init__(
        self,
        host: str,
        port: int,
        canary: str,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.heard_ms = 0
        self._canary = canary
        self._clock_ms = clock_ms
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            timeout = SOCKET_TIMEOUT_S

            def do_POST(self) -> None:
                self.send_response(receiver._take(self))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing: it comes every ten minutes for ever."""

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="canary receiver", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _take(self, request: BaseHTTPRequestHandler) -> int:
        """Note a notification; returns the status to answer with."""
        try:
            size = int(request.headers.get("Content-Length") or 0)
            if not 0 <= size <= MAX_BODY_BYTES:
                return 413
            alerts = json.loads(request.rfile.read(size))["alerts"]
            if any(self._is_song(alert) for alert in alerts):
                self.heard_ms = self._clock_ms()
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return 400
        return 200

    def _is_song(self, alert: dict[str, Any]) -> bool:
        labels = alert["labels"]
        if labels.get("host", self._canary) != self._canary:
            return False
        return bool(labels.get("lamppost") == RULE and alert["status"] == "firing")
