"""What the document says of answers, held against answers: nothing bare, nothing left unsaid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.webapp.full_house import FullHouse


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> FullHouse:
    """A house in which every list has something in it."""
    return FullHouse.at(tmp_path_factory.mktemp("answers"))


def asked(house: FullHouse) -> Iterator[tuple[str, Any, Any]]:
    """Of every operation that reads: its path, the answer to who may see most, and the schema of the answer."""
    client = house.app.test_client()
    spec = client.get("/api/openapi.json").json
    for path, methods in spec["paths"].items():
        answer = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        if "application/json" not in answer:
            continue
        address = path.format_map(house.keys)
        for login in ("auditor", "planner", "enterprise"):
            reply = client.get(address, headers={"Authorization": f"Bearer {house.tokens[login]}"})
            if reply.status_code == 200:
                break
        assert reply.status_code == 200, (path, reply.status_code, reply.text[:200])
        schema = {**answer["application/json"]["schema"], "components": spec["components"]}
        yield path, json.loads(reply.text), schema


def closed(schema: Any) -> Any:
    """The schema with every object shut that tells its keys: what the document does not tell is a fault then."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {key: closed(part) for key, part in schema.items()}
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        shut["additionalProperties"] = False
    return shut


def bare(schema: Any, where: str = "") -> Iterator[str]:
    """Where a schema says "an object" or "a list" and nothing of what is in it."""
    if isinstance(schema, list):
        for part in schema:
            yield from bare(part, where)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" and not schema.keys() & {"properties", "additionalProperties"}:
        yield where
    if schema.get("type") == "array" and not schema.keys() & {"items", "prefixItems"}:
        yield where
    for key, part in schema.items():
        yield from bare(part, f"{where}/{key}")


def test_answers_are_what_the_document_says_and_no_key_is_left_unsaid(house: FullHouse) -> None:
    """Every reading operation, on the full house, with the token of one who may see it."""
    paths = []
    for path, answer, schema in asked(house):
        faults = [f"{path} {'/'.join(map(str, fault.path))}: {fault.message[:200]}"
                  for fault in Draft202012Validator(closed(schema)).iter_errors(answer)]  # fmt: skip
        assert not faults, "\n".join(faults)
        paths.append(path)
    assert len(paths) >= 20


def test_quotes_are_what_the_document_says_with_their_sheet_too(house: FullHouse) -> None:
    """The one writing operation whose answer is a document of its own."""
    client = house.app.test_client()
    spec = client.get("/api/openapi.json").json
    answer = spec["paths"]["/api/v1/quotes"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    asks = {"origin": "QJ", "destination": "ZP", "cargo_code": "steel", "mass_t": 800}
    asks |= {"ready_at": "2026-10-08T08:00:00+08:00", "due_at": "2026-10-18T08:00:00+08:00"}
    for address in ("/api/v1/quotes", "/api/v1/quotes?explain=true"):
        found = json.loads(client.post(address, json=asks).text)
        assert ("calculation" in found) == ("explain" in address)
        Draft202012Validator(closed({**answer, "components": spec["components"]})).validate(found)


def test_no_answer_and_no_part_of_one_is_an_object_of_which_nothing_is_said(house: FullHouse) -> None:
    """Settings of a plan and versions are tables whose keys are not known beforehand, and say so."""
    spec = house.app.test_client().get("/api/openapi.json").json
    answers = {
        f"{method} {path}": operation["responses"] for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    }  # fmt: skip
    assert not [*bare(answers), *bare(spec["components"]["schemas"])]
