"""Reads the running aggregator through the console's JSON API."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class ConsoleApi:
    """The API at `url`, for example `http://127.0.0.1:8080`."""

    url: str

    def get(self, path: str) -> Any:  # noqa: ANN401  (JSON)
        """The JSON at /api/v0/`path`; raises OSError while the console does not answer."""
        request = f"{self.url}/api/v0/{path}"
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310  (http on loopback)
            return json.load(answer)

    def ready(self) -> bool:
        """Whether the console answers and the aggregator has reached its broker."""
        try:
            return str(self.get("health")["broker"]).startswith("ok")
        except (OSError, ValueError, KeyError):
            return False
