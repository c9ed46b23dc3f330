"""How often a made-up anomaly is sent the whole way."""

from dataclasses import dataclass

from lamppost.aggregator.settings.mqtt import host_port
from lamppost.aggregator.settings.rules import ConfigError, Rule, number, ruled


def _address() -> Rule:
    def check(value: object) -> str:
        if not isinstance(value, str):
            raise ValueError  # noqa: TRY004 - the caller turns it into a Problem
        try:
            if value and host_port(value, "listen")[1] < 0:
                raise ValueError
        except ConfigError as error:
            raise ValueError from error
        return value

    return Rule(check, 'HOST:PORT that Grafana\'s webhook reaches, "" for none')


@dataclass(frozen=True, slots=True)
class CanaryConfig:
    """The section [canary].

    Attributes:
        every_s: from one to the next; 0 for no canary.
        patience_s: what has not come by then is missing.
        listen: where its notification arrives; "" measures as far as the database only.
    """

    every_s: float = ruled(number(0, 86_400, "seconds, 0 for no canary"), 0.0)
    patience_s: float = ruled(number(1, 3600, "seconds"), 60.0)
    listen: str = ruled(_address(), "")
