"""What an endpoint takes and gives, told once beside the view and served as OpenAPI 3.1.

APIFlask draws up the document; bodies are JSON Schema as OpenAPI 3.1 has it. Validation is not generated from it: the
readers of the domain say every fault at once and in both languages. Tests hold the two together by calling every
endpoint with data made from the document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from apiflask import APIBlueprint, APIFlask

from webapp.api.answers import COMPONENTS, ERRORS

View = TypeVar("View", bound=Callable[..., Any])
Schema = Mapping[str, Any]

PROBLEM: Schema = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": ERRORS,
    },
}

MEANING = {
    200: "Done",
    201: "Made",
    202: "Begun; Location says where the progress is",
    204: "Done, nothing to say",
    304: "Not changed since the ETag that was sent",
    400: "The request cannot be understood",
    401: "No valid bearer token",
    403: "Not for this role",
    404: "No such record, or none that this user may see",
    409: "Contradicts what is recorded, or the same request still runs",
    413: "Larger than the limit",
    415: "Wrong content type",
    422: "The input is wrong; errors lists every fault",
    429: "Too many requests",
    503: "The server cannot store or read just now; nothing was written, try again later",
}

_BODIES: dict[str, Schema] = {}
_PARAMETERS: dict[str, list[dict[str, Any]]] = {}


def documented(
    blueprint: APIBlueprint,
    operation_id: str,
    summary: str,
    reply: Mapping[int, Schema | None],
    *,
    problems: Sequence[int] = (),
    body: Schema | None = None,
    query: Mapping[str, Schema] | None = None,
    headers: Mapping[str, Schema] | None = None,
    reply_type: str = "application/json",
    other_types: Sequence[str] = (),
    open_to_all: bool = False,
) -> Callable[[View], View]:
    """Decorate a view (below its route) with what OpenAPI says of it.

    ``reply``: status -> JSON Schema of the body (None: no body); ``other_types``: what a body may be besides
    ``reply_type``, as text or bytes. ``problems``: further statuses, answered as
    ``application/problem+json``; 401 and 403 are added unless ``open_to_all``, 429 and 503 always, 409/413/415 where
    there is a body.
    """
    statuses = {*problems, 429, 503, *(() if open_to_all else (401, 403)), *((400, 409, 413, 415, 422) if body else ())}
    responses: dict[str, Any] = {}
    for status, schema in reply.items():
        types = {reply_type: {"schema": schema}, **{name: {"schema": {}} for name in other_types}}
        content = {} if schema is None else {"content": types}
        responses[str(status)] = {"description": MEANING[status], **content}
    for status in sorted(statuses):
        content = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        responses[str(status)] = {"description": MEANING[status], **content}
    if body is not None:
        _BODIES[operation_id] = {"required": True, "content": {"application/json": {"schema": body}}}
    _PARAMETERS[operation_id] = [
        *_parameters("query", query or {}),
        *_parameters("header", headers or {}),
    ]

    def decorate(view: View) -> View:
        return blueprint.doc(
            summary=summary,
            description=(view.__doc__ or "").strip(),
            operation_id=operation_id,
            responses=cast(Any, responses),
            security=None if open_to_all else "bearer",
        )(view)

    return decorate


def _parameters(place: str, schemas: Mapping[str, Schema]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": place,
            "required": bool(schema.get("required", False)),
            "schema": {key: value for key, value in schema.items() if key != "required"},
        }
        for name, schema in schemas.items()
    ]


def complete(app: APIFlask) -> None:
    """Add bodies, parameters and the problem schema to the document, and take out what APIFlask guesses of errors."""
    app.security_schemes = {"bearer": {"type": "http", "scheme": "bearer"}}

    @app.spec_processor
    def finish(spec: dict[Any, Any] | str) -> dict[Any, Any] | str:
        assert isinstance(spec, dict)  # SPEC_PROCESSOR_PASS_OBJECT is off
        schemas = spec.setdefault("components", {}).setdefault("schemas", {})
        schemas.update({"Problem": dict(PROBLEM), **COMPONENTS})
        for guessed in ("HTTPError", "ValidationError"):
            schemas.pop(guessed, None)
        spec["tags"] = list(
            {tag["name"]: tag for tag in spec["tags"]}.values()
        )  # blueprints share some; names are unique
        for path in spec["paths"].values():
            for operation in path.values():
                name = operation.get("operationId", "")
                if name in _BODIES:
                    operation["requestBody"] = _BODIES[name]
                operation["parameters"] = [*operation.get("parameters", []), *_PARAMETERS.get(name, [])]
                for response in operation["responses"].values():
                    _without_guess(response)
        return spec


def _without_guess(response: dict[str, Any]) -> None:
    """An error that APIFlask added by itself is answered as a problem document, too."""
    for media in response.get("content", {}).values():
        reference = media.get("schema", {}).get("$ref", "") if isinstance(media.get("schema"), dict) else ""
        if reference.endswith(("/HTTPError", "/ValidationError")):
            response["content"] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
            return
