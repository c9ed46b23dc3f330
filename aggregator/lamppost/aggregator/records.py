"""Hands births over to the register, which keeps its records true by them."""

from collections.abc import Iterator
from pathlib import Path

from lamppost.aggregator.nodes.births import read_birth
from lamppost.aggregator.nodes.nodes import Route
from lamppost.aggregator.nodes.seen import seen
from lamppost.aggregator.pipeline.pipeline import Pipeline
from lamppost.aggregator.settings.rules import ConfigError, Problem
from lamppost.register.records.address import VARIABLE
from lamppost.register.records.births import BirthSeen
from lamppost.register.records.database import DatabaseUrlError
from lamppost.register.records.intake import Intake
from lamppost.register.records.store import Register
from lamppost.wire import canary
from lamppost.wire.decode import DecodeError, decode


def open_register(data_dir: Path) -> Register:
    """Return the register that the environment names, else the one in the data folder.

    Raises:
        ConfigError: what the environment names is no address.
    """
    try:
        return Register(data_dir=data_dir)
    except DatabaseUrlError as error:
        problem = Problem("environment", VARIABLE, error.came, error.allowed)
        raise ConfigError((problem,)) from error


def feed(register: Register, pipeline: Pipeline) -> Intake:
    """Start an intake that follows the births of a pipeline, which must not run yet."""
    kept = [
        (route, route.birth[1], route.node.last_seen_ms)
        for node in pipeline.tools.book
        for route in node.routes.values()
        if route.birth is not None and route.node.group != canary.GROUP
    ]
    intake = Intake(register, known=lambda: _again(kept))

    def observe(birth: BirthSeen) -> None:
        if birth.group != canary.GROUP:
            intake.observe(birth)

    pipeline.tools.on_birth = observe
    intake.start()
    return intake


def _again(kept: list[tuple[Route, bytes, int]]) -> Iterator[BirthSeen]:
    """Births from before a restart: a register that is new has missed them."""
    for route, payload, time_ms in kept:
        try:
            yield seen(route, read_birth(decode(payload), route.device), time_ms)
        except DecodeError:  # a damaged one is asked for again anyway
            continue
