"""Examples made of the examples of fields. Pure."""

from collections.abc import Mapping
from typing import Any

from shared.web.openapi.schemas import REF, Schema

DEEPEST = 8


def example_of(schema: Schema, schemas: Mapping[str, Schema], depth: int = 0) -> Any:
    """An example of the schema: its own, or one made of its parts; null where the schema takes that and has no other."""
    if schema.get("examples"):
        return schema["examples"][0]
    if "example" in schema:
        return schema["example"]
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].removeprefix(REF)], schemas, depth)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for alternatives in ("anyOf", "oneOf", "allOf"):
        if alternatives in schema:
            kinds = [kind for kind in schema[alternatives] if kind.get("type") != "null"]
            return example_of(kinds[0], schemas, depth) if kinds else None
    return _of_type(schema, schemas, depth)


def _of_type(schema: Schema, schemas: Mapping[str, Schema], depth: int) -> Any:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next(name for name in kind if name != "null")
    if kind == "object" or "properties" in schema:
        return _of_object(schema, schemas, depth)
    if kind == "array":
        return [example_of(schema["items"], schemas, depth + 1)] if depth < DEEPEST and schema.get("items") else []
    if kind == "string":
        return _TEXTS.get(schema.get("format", ""), "text")
    if kind in {"integer", "number"}:
        return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    return True if kind == "boolean" else None


def _of_object(schema: Schema, schemas: Mapping[str, Schema], depth: int) -> Any:
    if depth >= DEEPEST:
        return {}
    return {name: example_of(field, schemas, depth + 1) for name, field in schema.get("properties", {}).items()}


_TEXTS = {
    "date": "2026-10-19",
    "date-time": "2026-10-19T15:04:05+13:00",
    "time": "08:00:00",
    "duration": "PT1H",
    "uuid": "6f1b8a54-3a52-5e0e-9d3e-0a35b9a3d1a0",
    "email": "office@school.example",
    "uri": "https://partner.example/star",
    "binary": "...",
}
