"""Every endpoint of the OpenAPI document, called with data made from it: no crash, no status or type left unsaid."""

from __future__ import annotations

from itertools import count

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.webapp.full_house import FullHouse

KEYS = count()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> FullHouse:
    """A house to be shaken."""
    return FullHouse.at(tmp_path_factory.mktemp("contract"))


def schema_of(house: FullHouse) -> schemathesis.schemas.BaseSchema:
    """The document as it is served, bound to the application."""
    return schemathesis.openapi.from_wsgi("/api/openapi.json", house.app)


CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def operations(house: FullHouse) -> list[schemathesis.APIOperation]:
    """Every operation; those that take their object away come last."""
    found = [result.ok() for result in schema_of(house).get_all_operations()]
    return sorted(found, key=lambda operation: operation.method.upper() == "DELETE")


@pytest.mark.parametrize("login", ["planner", "auditor", "enterprise"])
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_the_api_does_what_its_document_says(house: FullHouse, login: str, mode: schemathesis.GenerationMode) -> None:
    """With the token of each role, on made-up ids and, every second time, on those that are there; with what the
    document allows, and with what it does not: wrong types, missing and unknown fields, values out of range."""
    found: list[str] = []
    shaken = 0
    for operation in operations(house):

        @seed(1)
        @settings(
            max_examples=8 if mode is schemathesis.GenerationMode.POSITIVE else 5,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
        def shake(case: schemathesis.Case, known: bool) -> None:
            headers = {"Authorization": f"Bearer {house.tokens[login]}", "Accept-Encoding": "identity"}
            if case.method == "POST":
                headers["Idempotency-Key"] = f"shaken-{login}-{next(KEYS)}"
            if known and mode is schemathesis.GenerationMode.POSITIVE:
                case.path_parameters = {name: house.keys[name] for name in case.path_parameters}
            try:
                case.validate_response(case.call(headers=headers), checks=CHECKS)
            except BaseExceptionGroup as group:
                found.append(f"{case.method} {case.path} {case.query} {case.body!r:.80}: {group.exceptions[0]}")

        try:
            shake()
            shaken += 1
        except Unsatisfiable:
            assert mode is schemathesis.GenerationMode.NEGATIVE  # there is nothing to get wrong in a bare GET
    assert not found, "\n".join(found)
    assert shaken >= 10
