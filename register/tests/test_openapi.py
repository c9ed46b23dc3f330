"""Schemathesis asks what the API's own description allows, and what it does not allow."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lamppost.register.access import tokens
from lamppost.register.feed import wall_ms
from lamppost.register.records.store import Register
from lamppost.register.seed.parts import PARTS
from lamppost.register.seed.seeding import Seeding, seed_city
from lamppost.register.serve import Console

from .asking import PATIENCE_S
from .city import City
from .registers import opened
from .test_access import bearer

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 4
"""Of each kind and operation: with about a hundred operations, a minute in all."""


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BaseSchema, str, str]]:
    """The description of a served, small, made-up city; its address, and a token for all."""
    register: Register = opened(tmp_path_factory.mktemp("city"))
    register.now_ms = wall_ms
    seed_city(Seeding(register, register.now_ms(), 64), PARTS, lambda _: None)
    with register.changing("root") as writer:
        secret = tokens.issue(writer, "schemathesis", "admin", 1)
    console = Console(City(wall_ms()), port=0, access=True, register=register)
    console.start()
    address = f"{console.url}/api/v1/openapi.json"
    described = schemathesis.openapi.from_url(
        address, headers=bearer(secret), timeout=PATIENCE_S
    )
    yield described, console.url, secret
    console.stop()
    register.close()


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_the_api_does_what_its_description_says(
    schema: tuple[BaseSchema, str, str], mode: GenerationMode
) -> None:
    """No failure of the server, no status, type or shape that is not described."""
    described, url, secret = schema
    failures: dict[str, str] = {}
    for found in described.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Case[Any]) -> None:
            case.call_and_validate(
                base_url=url, headers=bearer(secret), checks=CHECKS, timeout=PATIENCE_S
            )

        try:
            ask()
        except Unsatisfiable:
            continue  # nothing can be wrong with what takes nothing
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - told at the end
            failures[operation.label] = str(error)
    assert not failures, "\n\n".join(f"{name}: {told}" for name, told in failures.items())
