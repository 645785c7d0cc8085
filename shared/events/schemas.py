"""JSON Schemas of the events, made from the catalogue: of the data alone, and of the whole CloudEvent."""

import inspect
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import Struct

from shared.events.catalogue import EVENTS, EventType

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def schema_of(event: EventType) -> Schema:
    """The schema of an event as the feed and webhooks say it. `$defs` holds its data's, which is what travels on the topic.

    Fields that the schema does not name can be added at any time: readers pass them over.
    """
    return {
        "$schema": DIALECT,
        "$id": f"urn:nz-star:event:{event.name}",
        **cloudevent_schema(event, "#/$defs/{name}"),
        "$defs": data_schemas([event], "#/$defs/{name}"),
    }


def cloudevent_schema(event: EventType, ref_template: str) -> Schema:
    """The envelope of CloudEvents' structured mode around an event's data."""
    text = {"type": "string", "minLength": 1}
    return {
        "title": event.name,
        "description": event.summary,
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "datacontenttype", "data"],
        "properties": {
            "specversion": {"type": "string", "const": "1.0"},
            "id": text | {"description": "The same however often the event is sent: keep it, and pass over what you have seen"},
            "source": text | {"format": "uri-reference", "description": "The service that says it"},
            "type": {"type": "string", "const": event.name},
            "time": {"type": "string", "format": "date-time", "description": "When it became true"},
            "datacontenttype": {"type": "string", "const": "application/json"},
            "data": {"$ref": ref_template.format(name=event.data.__name__)},
        },
    }


def data_schemas(events: Sequence[EventType], ref_template: str) -> dict[str, Schema]:
    """The schemas of these events' data and of all that they are made of, by name."""
    _, components = msgspec.json.schema_components([event.data for event in events], ref_template=ref_template)
    structs = _structs()
    for name, schema in components.items():
        if name in structs:
            schema["description"] = _description(structs[name])
    return components


def _description(struct: type[Struct]) -> str:
    """The docstrings of the class and of its bases: they explain the fields."""
    docs = [inspect.cleandoc(base.__doc__) for base in struct.__mro__ if issubclass(base, Struct) and base is not Struct and base.__doc__]
    return "\n\n".join(dict.fromkeys(docs))


@cache
def _structs() -> dict[str, type[Struct]]:
    structs: dict[str, type[Struct]] = {}

    def visit(node: object) -> None:
        if isinstance(node, msgspec.inspect.StructType) and node.cls.__name__ not in structs:
            structs[node.cls.__name__] = node.cls
            for field in node.fields:
                visit(field.type)
        elif isinstance(node, msgspec.inspect.UnionType):
            for kind in node.types:
                visit(kind)
        elif isinstance(node, (msgspec.inspect.ListType, msgspec.inspect.VarTupleType)):
            visit(node.item_type)
        elif isinstance(node, msgspec.inspect.DictType):
            visit(node.value_type)

    for event in EVENTS:
        visit(msgspec.inspect.type_info(event.data))
    return structs
