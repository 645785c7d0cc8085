"""Values that no field can take, put into every parameter and body field that an OpenAPI document names."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

NO_TEXTS: Final = ("a\x00b", "\ud800", "x\udfffy")
LONG: Final = "x" * 20_000
DAYS: Final = ("0001-01-01", "9999-12-31", "10000-01-01", "2026-02-30")
MOMENTS: Final = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-10-13T09:05:00")
NUMBERS: Final = (2**15, 2**31, 2**63, -(2**63) - 1, 10**400)
DEEPEST: Final = 5

Schema = dict[str, Any]
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Attempt:
    """One request. `at` and `value` say what is wrong with it; `no_text` that its value holds what is no text."""

    method: str
    path: str
    query: str
    body: Any
    at: str
    value: str
    no_text: bool


def attempts(document: Schema, known: Mapping[str, str]) -> Iterator[Attempt]:
    """Requests of a service with one wrong value each. `known` are values of path parameters that exist. Deletions come last."""
    operations = [(path, method, operation) for path, methods in document["paths"].items() for method, operation in methods.items()]
    for path, method, operation in sorted(operations, key=lambda each: each[1] == "delete"):
        yield from _of_operation(document, path, method.upper(), operation, known)


def _of_operation(document: Schema, path: str, method: str, operation: Schema, known: Mapping[str, str]) -> Iterator[Attempt]:
    good = path
    for name, value in known.items():
        good = good.replace(f"{{{name}}}", quote(value, safe=""))
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    body = _sample(document, schema) if schema is not None else None
    for parameter in operation.get("parameters", []):
        name, place = parameter["name"], parameter["in"]
        for value in _wrong(document, parameter["schema"]):
            text = value if isinstance(value, str) else str(value)
            written = quote(text, safe="", errors="surrogatepass")
            if place == "path":
                changed = path.replace(f"{{{name}}}", written)
                for other, fit in known.items():
                    changed = changed.replace(f"{{{other}}}", quote(fit, safe=""))
                yield Attempt(method, changed, "", body, f"path {name}", text[:20], no_text=False)
            elif place == "query":
                yield Attempt(method, good, f"{name}={written}", body, f"query {name}", text[:20], no_text="\x00" in text)
    for at, leaf in _leaves(document, schema) if schema is not None else ():
        for value in _wrong(document, leaf):
            changed_body = _with(body, at, value)
            yield Attempt(method, good, "", changed_body, f"body {at}", str(value)[:20], no_text=value in NO_TEXTS)


def _resolved(document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            fit = next((each for each in schema[key] if each.get("type") != "null"), schema[key][0])
            return _resolved(document, fit)
    return schema


def _type(schema: Schema) -> str | None:
    kind = schema.get("type")
    return next((each for each in kind if each != "null"), None) if isinstance(kind, list) else kind


def _wrong(document: Schema, schema: Schema) -> list[Any]:
    schema = _resolved(document, schema)
    match _type(schema):
        case "integer" | "number":
            return list(NUMBERS)
        case "string" if schema.get("format") == "date":
            return [*DAYS, *NO_TEXTS]
        case "string" if schema.get("format") == "date-time":
            return [*MOMENTS, *NO_TEXTS]
        case "string":
            return [*NO_TEXTS, LONG]
        case "array":
            return _wrong(document, schema.get("items", {}))
        case _:
            return []


def _sample(document: Schema, schema: Schema) -> Any:
    if "example" in schema:
        return schema["example"]
    schema = _resolved(document, schema)
    for key in ("const", "example"):
        if key in schema:
            return schema[key]
    if schema.get("examples"):
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    match _type(schema):
        case "object":
            return {name: _sample(document, schema["properties"][name]) for name in schema.get("required", [])}
        case "array":
            return [_sample(document, schema["items"])] * schema.get("minItems", 0)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case _:
            formats = {"date": "2026-10-13", "date-time": "2026-10-13T09:05:00+13:00", "uuid": "11111111-1111-4111-8111-111111111111"}
            return formats.get(schema.get("format", ""), "x" * max(schema.get("minLength", 1), 1))


def _leaves(document: Schema, schema: Schema, at: Place = ()) -> Iterator[tuple[Place, Schema]]:
    schema = _resolved(document, schema)
    if len(at) > DEEPEST:
        return
    match _type(schema):
        case "object":
            for name, member in schema.get("properties", {}).items():
                yield from _leaves(document, member, (*at, name))
        case "array":
            yield from _leaves(document, schema["items"], (*at, 0))
        case _:
            yield at, schema


def _with(body: Any, at: Place, value: Any) -> Any:
    if not at:
        return value
    first, *rest = at
    if isinstance(first, int):
        items = list(body) if isinstance(body, list) and body else [None]
        return [_with(items[0], tuple(rest), value), *copy.deepcopy(items[1:])]
    fields = dict(body) if isinstance(body, dict) else {}
    return fields | {first: _with(fields.get(first), tuple(rest), value)}
