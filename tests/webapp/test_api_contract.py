"""Every endpoint of the OpenAPI document, called with data made from it: no crash, no status or type left unsaid."""

from __future__ import annotations

from itertools import count

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
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


@pytest.mark.parametrize("login", ["planner", "auditor", "enterprise"])
def test_the_api_does_what_its_document_says(house: FullHouse, login: str) -> None:
    """With the token of each role, on made-up ids and, every second time, on those that are there."""
    found: list[str] = []
    for result in schema_of(house).get_all_operations():
        operation = result.ok()
        if operation.method.upper() == "DELETE":
            continue

        @seed(1)
        @settings(
            max_examples=8,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(), known=st.booleans())
        def shake(case: schemathesis.Case, known: bool) -> None:
            headers = {"Authorization": f"Bearer {house.tokens[login]}"}
            if case.method == "POST":
                headers["Idempotency-Key"] = f"shaken-{login}-{next(KEYS)}"
            if known:
                case.path_parameters = {name: house.keys[name] for name in case.path_parameters}
            try:
                case.validate_response(case.call(headers=headers), checks=CHECKS)
            except BaseExceptionGroup as group:
                found.append(f"{case.method} {case.path} {case.query} {case.body!r:.80}: {group.exceptions[0]}")

        shake()
    assert not found, "\n".join(found)
