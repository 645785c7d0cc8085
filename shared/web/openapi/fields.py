"""The words and examples of fields, from one place: a field that has none of its own gets those of its name.

`vocabulary.toml` beside this file has them.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from shared.web.openapi.examples import example_of
from shared.web.openapi.schemas import REF, Schema

Words = Mapping[str, list[Any]]


@cache
def vocabulary() -> Mapping[str, Words]:
    """The words of `fields` and of `parameters`, by name or by schema (operation) and name."""
    return tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text(encoding="utf-8"))


def describe(document: Schema) -> None:
    """Gives each field of each schema, and each parameter, a description and an example."""
    schemas: Schema = document["components"]["schemas"]
    fields, parameters = vocabulary()["fields"], vocabulary()["parameters"]
    described = [(field, fields.get(f"{schema}.{name}") or fields.get(name)) for schema, name, field in _fields(schemas)]
    for operation, parameter in _parameters(document["paths"]):
        name = parameter["name"]
        described.append((parameter["schema"], parameters.get(f"{operation}.{name}") or parameters.get(name)))
    for field, words in described:
        _fill(field, words or (), schemas)
    # Only now has each field its own example that those of whole objects are made of.
    for field, _ in described:
        field.setdefault("examples", [example_of(field, schemas)])
    for _, parameter in _parameters(document["paths"]):
        parameter.setdefault("description", parameter["schema"].get("description", ""))


def _fill(field: Schema, words: list[Any] | tuple[()], schemas: Schema) -> None:
    field.pop("title", None)
    if words:
        field.setdefault("description", words[0])
    if "example" in field:
        field["examples"] = [field.pop("example")]
    for example in words[1:]:
        if "examples" not in field and _fits(example, field, schemas):
            field["examples"] = [example]


_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def _fits(example: Any, schema: Schema, schemas: Schema) -> bool:
    """Whether an example is of the schema's type: fields of one name can have several."""
    if "$ref" in schema:
        return _fits(example, schemas[schema["$ref"].removeprefix(REF)], schemas)
    if "enum" in schema or "const" in schema:
        return example in schema.get("enum", [schema.get("const")])
    if "anyOf" in schema:
        return any(_fits(example, kind, schemas) for kind in schema["anyOf"])
    if schema.get("format") in {"uuid", "date", "date-time"}:
        return isinstance(example, str) and len(example) == _LENGTHS.get(schema["format"], len(example)) and _is_time(example, schema)
    types = schema.get("type", [])
    mine = _TYPES[type(example)]
    if mine == "array" and "array" in types and example:
        return _fits(example[0], schema.get("items", {}), schemas)
    return not types or mine in ([types] if isinstance(types, str) else types) or (mine == "integer" and types == "number")


_LENGTHS = {"uuid": 36, "date": 10}


def _is_time(example: str, schema: Schema) -> bool:
    return schema["format"] != "date-time" or "T" in example


def _fields(schemas: Schema) -> Iterator[tuple[str, str, Schema]]:
    for name, schema in schemas.items():
        for field, described in schema.get("properties", {}).items():
            yield name, field, described


def _parameters(paths: Schema) -> Iterator[tuple[str, Schema]]:
    for item in paths.values():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                yield operation["operationId"], parameter
