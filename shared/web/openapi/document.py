"""The document of a service's app: FastAPI's, with refusals, names, words and examples."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI

from shared.settings import ServiceName
from shared.web.door import GuardedRoute, Router
from shared.web.openapi.examples import example_of
from shared.web.openapi.fields import describe
from shared.web.openapi.refusals import DECLARED, answer_of, problem_schemas, refusals_of
from shared.web.openapi.schemas import Schema, name_inline
from shared.web.openapi.successes import describe_success
from shared.web.openapi.tags import TAGS
from shared.web.retiring import retiring_of

CONTACT: Final = {"name": "The people who run this engine"}
LICENSE: Final = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
SERVERS: Final = [{"url": ".", "description": "The host and path that this document comes from"}]

BASIC: Final = "The user name and password that were issued for KAMAR"

_REPLACED: Final = ("HTTPValidationError", "ValidationError")
"""FastAPI's own schemas of refusals, which no answer of ours has."""

METHODS: Final = ("get", "put", "post", "patch", "delete")


def install_document(app: FastAPI, service: ServiceName, routers: Sequence[Router]) -> None:
    """Makes `app.openapi()` answer the whole document."""
    plain = app.openapi
    kept: dict[int, Schema] = {}

    def openapi() -> Schema:
        made = plain()
        if id(made) not in kept:
            complete(made, service, routers)
            kept[id(made)] = made
        return made

    app.openapi = openapi  # type: ignore[method-assign]


def complete(document: Schema, service: ServiceName, routers: Sequence[Router]) -> None:
    """Puts into FastAPI's document what FastAPI does not know."""
    schemas: Schema = document.setdefault("components", {}).setdefault("schemas", {})
    document["servers"] = SERVERS
    for name in _REPLACED:
        schemas.pop(name, None)
    schemas |= problem_schemas()
    for route, operation in _operations(document, routers):
        _complete_operation(operation, route, service)
    document["paths"] = name_inline(document["paths"], schemas)
    for name, schema in list(schemas.items()):
        schemas[name] = _nested(schema, schemas)
    describe(document)
    for _, operation in _operations(document, routers):
        describe_success(operation["responses"], schemas)
    for schema in schemas.values():
        if "enum" not in schema:
            schema.setdefault("examples", [example_of(schema, schemas)])
    for _, operation in _operations(document, routers):
        for body in _json_bodies(operation):
            body.setdefault("example", example_of(body["schema"], schemas))
    if any({"HTTPBasic": []} in operation["security"] for _, operation in _operations(document, routers)):
        document["components"]["securitySchemes"]["HTTPBasic"] = {"type": "http", "scheme": "basic", "description": BASIC}
    used = {tag for item in document["paths"].values() for method in METHODS if method in item for tag in item[method]["tags"]}
    document["tags"] = [{"name": tag, "description": sentence} for tag, sentence in TAGS.items() if tag in used]


def _nested(schema: Schema, schemas: Schema) -> Schema:
    # A schema that has its name keeps its title, or it would be lifted out of itself.
    title = schema.pop("title", None)
    for field in schema.get("properties", {}).values():
        _of_pairs(field)
    named: Schema = name_inline(schema, schemas)
    return named if title is None else {**named, "title": title}


def _of_pairs(field: Schema) -> None:
    # A pair has `prefixItems` alone; most tools look for `items`.
    for kind in (field, *field.get("anyOf", ())):
        if "prefixItems" in kind:
            kind.setdefault("items", kind["prefixItems"][0])


def _operations(document: Schema, routers: Sequence[Router]) -> Iterator[tuple[GuardedRoute, Schema]]:
    for router in routers:
        for route in router.routes:
            if isinstance(route, GuardedRoute) and route.include_in_schema:
                for method in route.methods or ():
                    yield route, document["paths"][route.path_format][method.lower()]


def _complete_operation(operation: Schema, route: GuardedRoute, service: ServiceName) -> None:
    operation["operationId"] = operation_id(route, service)
    operation["security"] = [{"HTTPBearer": []}] if route.gates else operation.get("security", [])
    operation.setdefault("description", operation["summary"] + ".")
    ending = retiring_of(route.endpoint)
    if ending is not None:
        operation["deprecated"] = True
        operation["description"] += f"\n\n{ending.sentence()}"
    answers: Schema = operation["responses"]
    refusals = refusals_of(route)
    for status, answer in answers.items():
        for kind in answer.pop(DECLARED, []):
            if kind not in refusals.setdefault(int(status), []):
                refusals[int(status)].append(kind)
    for refused, kinds in refusals.items():
        own = answers.get(str(refused))
        if own is None or "content" not in own or refused == HTTPStatus.UNPROCESSABLE_ENTITY:
            answers[str(refused)] = answer_of(refused, sorted(kinds))
        elif refused == HTTPStatus.TOO_MANY_REQUESTS:
            # An operation with a form of its own is behind the same bound on requests.
            own["content"] |= answer_of(refused, ["too-many-requests"])["content"]
    operation["responses"] = dict(sorted(answers.items()))
    body = operation.get("requestBody")
    if body is not None:
        body.setdefault("description", "The body.")


def operation_id(route: GuardedRoute, service: ServiceName) -> str:
    """The name of an operation, in one word that no other operation of the four services has: `listStarRecords`.

    An operation that every service has is named with the service: `listThresholdsDeadLetters`.
    """
    verb, *rest = route.name.split("_")
    if route.endpoint.__module__.startswith("shared."):
        rest = [*service.split("-"), *rest]
    return verb + "".join(word.capitalize() for word in rest)


def _json_bodies(operation: Schema) -> Iterator[Schema]:
    bodies = [operation.get("requestBody", {}), *(answer for status, answer in operation["responses"].items() if status.startswith("2"))]
    for body in bodies:
        for form, content in body.get("content", {}).items():
            if form == "application/json" and "schema" in content and "examples" not in content:
                yield content
