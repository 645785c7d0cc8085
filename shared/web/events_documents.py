"""The events' documents, which every service serves: AsyncAPI as JSON and as a page, and a JSON Schema for each event."""

import json
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from shared.events import asyncapi
from shared.events.catalogue import BY_NAME, EVENTS, PARTNER_EVENTS
from shared.events.examples import EXAMPLES
from shared.events.schemas import Schema, data_schemas, schema_of
from shared.events.topics import TOPICS
from shared.web.door import Router
from shared.web.openapi.successes import sends
from shared.web.problems import ProblemError

SCHEMA_MEDIA_TYPE: Final = "application/schema+json"

_ASYNCAPI: Final = sends("The AsyncAPI document.", "application/json")
_SCHEMA: Final = sends("The JSON Schema of the event's data, in its envelope.", SCHEMA_MEDIA_TYPE)


def events_documents_router() -> Router:
    """`/asyncapi.json`, `/asyncapi` and `/schemas/{event}.json`."""
    router = Router(tags=["documents"])

    @router.get("/asyncapi.json", summary="All events, as AsyncAPI 3", response_class=Response, responses=_ASYNCAPI)
    async def get_asyncapi() -> Response:
        return Response(asyncapi.document_json(), media_type="application/json")

    @router.get("/asyncapi", include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(asyncapi_page())

    @router.get("/schemas/{event}.json", summary="The JSON Schema of an event", response_class=Response, responses=_SCHEMA)
    async def get_event_schema(event: str) -> Response:
        if event not in BY_NAME:
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-event", "there is no such event; /asyncapi names them all")
        return Response(schema_json(event), media_type=SCHEMA_MEDIA_TYPE)

    return router


@cache
def schema_json(event: str) -> bytes:
    """The text of an event's schema, as it is kept in the reference and served."""
    return json.dumps(schema_of(BY_NAME[event]), indent=2, ensure_ascii=False).encode() + b"\n"


@cache
def asyncapi_page() -> str:
    """The events as a page for people: no scripts, nothing fetched from elsewhere."""
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    templates.filters["prose"] = _prose
    schemas = data_schemas(EVENTS, "{name}")
    partners = [
        {
            "event": event,
            "paragraphs": schemas[event.data.__name__]["description"].split("\n\n"),
            "fields": fields_of(schemas[event.data.__name__]),
            "example": json.dumps(asyncapi.structured_example(example), indent=2),
        }
        for event in PARTNER_EVENTS
        for example in EXAMPLES
        if example.type is event
    ]
    parts = {name: fields_of(schemas[name]) for name in _parts(schemas)}
    internal = [event for event in EVENTS if event not in PARTNER_EVENTS]
    return templates.get_template("asyncapi.html").render(partners=partners, parts=parts, internal=internal, topics=TOPICS)


def fields_of(schema: Schema) -> list[Mapping[str, Any]]:
    """The rows of an object's table."""
    return [
        {"name": name, "type": type_of(field), "required": name in schema.get("required", [])}
        for name, field in schema["properties"].items()
    ]


def type_of(schema: Schema) -> str:
    """A field's type in words."""
    if "$ref" in schema:
        return str(schema["$ref"])
    if "anyOf" in schema:
        return " or ".join(type_of(kind) for kind in schema["anyOf"])
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {type_of(schema['items'])}"
    kind = str(schema.get("format", schema.get("type", "any")))
    bounds = [f"{word} {schema[bound]}" for word, bound in (("from", "minimum"), ("to", "maximum")) if bound in schema]
    return " ".join([kind, *bounds])


def _prose(text: str) -> Markup:
    """Text with its `names` set as code."""
    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped above


def _parts(schemas: Mapping[str, Schema]) -> list[str]:
    """The names of what partners' events are made of besides themselves."""
    named = json.dumps([schemas[event.data.__name__] for event in PARTNER_EVENTS])
    return [name for name in schemas if f'"$ref": "{name}"' in named]
