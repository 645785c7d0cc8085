"""The rules of compatibility: a client of the released documents goes on working with those of now.

Requests may only be taken more widely, answers may only be told more of. A new value of an enumeration in an answer is no break: the
deprecation policy says so to clients. Pure.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

Schema = Mapping[str, Any]
Direction = Literal["request", "answer"]

METHODS: Final = ("get", "put", "post", "patch", "delete")
DEEPEST: Final = 12


def broken(old: Schema, new: Schema) -> Iterator[str]:
    """The ways in which a client of the old document breaks or reads otherwise."""
    for path, item in old["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            key = f"{method.upper()} {path}"
            if method not in new["paths"].get(path, {}):
                yield f"{key}: the operation is gone"
                continue
            yield from (f"{key}: {fault}" for fault in _operation(item[method], new["paths"][path][method], old, new))


def _operation(was: Schema, now: Schema, old: Schema, new: Schema) -> Iterator[str]:
    yield from _parameters(was, now, old, new)
    before, after = was.get("requestBody", {}), now.get("requestBody", {})
    if after.get("required") and not before.get("required"):
        yield "a body is needed now"
    yield from _content(before.get("content", {}), after.get("content", {}), "request", old, new)
    for status, answer in was["responses"].items():
        if status.startswith(("2", "3")):
            if status not in now["responses"]:
                yield f"the answer {status} is gone"
            else:
                yield from _content(answer.get("content", {}), now["responses"][status].get("content", {}), "answer", old, new)


def _parameters(was: Schema, now: Schema, old: Schema, new: Schema) -> Iterator[str]:
    before = {(parameter["in"], parameter["name"]): parameter for parameter in was.get("parameters", ())}
    after = {(parameter["in"], parameter["name"]): parameter for parameter in now.get("parameters", ())}
    for place, parameter in before.items():
        # The name of a parameter in a path is nobody's business.
        if place not in after and place[0] != "path":
            yield f"the parameter {place[1]} is gone"
        elif place in after:
            yield from _schema(parameter["schema"], after[place]["schema"], "request", old, new, place[1])
    yield from (
        f"the parameter {place[1]} is needed now"
        for place in after.keys() - before.keys()
        if place[0] != "path" and after[place].get("required")
    )


def _content(was: Schema, now: Schema, direction: Direction, old: Schema, new: Schema) -> Iterator[str]:
    for form, content in was.items():
        if form not in now:
            yield f"{form} is gone from the {direction}"
        elif "schema" in content and "schema" in now[form]:
            yield from _schema(content["schema"], now[form]["schema"], direction, old, new, direction)


def _schema(was: Schema, now: Schema, direction: Direction, old: Schema, new: Schema, at: str, depth: int = 0) -> Iterator[str]:
    if depth > DEEPEST:
        return
    before, after = list(_kinds(was, old)), list(_kinds(now, new))
    had, has = _types(before), _types(after)
    taken, given = (had, has) if direction == "request" else (has, had)
    if had and has and not taken <= given | ({"integer"} if "number" in given else set()):
        yield f"{at}: {' or '.join(sorted(had))} became {' or '.join(sorted(has))}"
        return
    if (
        direction == "request"
        and any("enum" in kind for kind in before)
        and all("enum" in kind or kind.get("type") == "null" for kind in after)
    ):
        values = {value for kind in after for value in kind.get("enum", ())}
        yield from (f"{at}: the value {value} is gone" for kind in before for value in kind.get("enum", ()) if value not in values)
    for kind in before:
        of_type = [other for other in after if other.get("type") == kind.get("type")]
        faults = [list(_inside(kind, other, direction, old, new, at, depth)) for other in of_type]
        # Of alternatives, one that fits is enough.
        if faults and all(faults):
            yield from min(faults, key=len)


def _inside(was: Schema, now: Schema, direction: Direction, old: Schema, new: Schema, at: str, depth: int) -> Iterator[str]:
    if was.get("type") == "array" and "items" in was and "items" in now:
        yield from _schema(was["items"], now["items"], direction, old, new, f"{at}[]", depth + 1)
    fields, fields_now = was.get("properties", {}), now.get("properties", {})
    for name, field in fields.items():
        if name in fields_now:
            yield from _schema(field, fields_now[name], direction, old, new, f"{at}.{name}", depth + 1)
        elif fields_now:
            yield f"{at}.{name} is gone"
    needed, needed_now = set(was.get("required", ())), set(now.get("required", ()))
    if direction == "request" and fields:
        yield from (f"{at}.{name} is needed now" for name in sorted(needed_now - needed))
    if direction == "answer" and fields_now:
        yield from (f"{at}.{name} can be missing now" for name in sorted(needed - needed_now) if name in fields_now)


def _kinds(schema: Schema, document: Schema) -> Iterator[Schema]:
    if "$ref" in schema:
        node: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        yield from _kinds(node, document)
    elif "anyOf" in schema or "oneOf" in schema:
        for kind in schema.get("anyOf", schema.get("oneOf", ())):
            yield from _kinds(kind, document)
    elif isinstance(schema.get("type"), list):
        yield from ({**schema, "type": kind} for kind in schema["type"])
    else:
        yield schema


def _types(kinds: list[Schema]) -> set[str]:
    # A schema without a type takes anything, and says nothing.
    return set() if any("type" not in kind for kind in kinds) else {kind["type"] for kind in kinds}


def broken_event(old: Schema, new: Schema) -> Iterator[str]:
    """The ways in which a reader of an event reads otherwise."""
    yield from _schema(old, new, "answer", old, new, "event")
