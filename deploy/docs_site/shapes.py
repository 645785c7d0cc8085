"""The schemas of an OpenAPI document as a page: each with its fields, in words. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

LIMITS: Final = {
    "minimum": "from {}",
    "maximum": "up to {}",
    "maxLength": "up to {} characters",
    "minItems": "{} entries at least",
    "maxItems": "up to {} entries",
}


def page_of(service: str) -> str:
    """The name of the page, without its folder and ending."""
    return f"{service}-schemas"


def shapes_page(title: str, service: str, schemas: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The lines of the page."""
    yield f"# {title}: schemas\n"
    yield f"These are the shapes of the bodies and answers of [{title}]({service}.md). A field in **bold** is always there.\n"
    for name, schema in sorted(schemas.items()):
        yield f"## {name}\n"
        if description := schema.get("description"):
            yield f"{description}\n"
        if fields := schema.get("properties"):
            yield "| field | type | description |\n|---|---|---|"
            required = schema.get("required", ())
            yield from (_field(field, shape, page_of(service), always=field in required) for field, shape in fields.items())
        else:
            yield type_of(schema, page_of(service)) + "."
        yield ""


def _field(name: str, shape: Mapping[str, Any], page: str, *, always: bool) -> str:
    shown = f"**`{name}`**" if always else f"`{name}`"
    return f"| {shown} | {type_of(shape, page)} | {cell(shape.get('description', ''))} |"


def type_of(shape: Mapping[str, Any], page: str) -> str:
    """The type in words; a schema that has a name is a link to it on the page."""
    if "$ref" in shape:
        name = shape["$ref"].rpartition("/")[2]
        return f"[{name}]({page}.md#{name.lower()})"
    if "const" in shape:
        return _value(shape["const"])
    if "enum" in shape:
        return " or ".join(map(_value, shape["enum"]))
    for alternatives in ("anyOf", "oneOf"):
        if alternatives in shape:
            return " or ".join(dict.fromkeys(type_of(kind, page) for kind in shape[alternatives]))
    return _plain_type(shape, page)


def _plain_type(shape: Mapping[str, Any], page: str) -> str:
    kind = shape.get("type", "any value")
    if isinstance(kind, list):
        return " or ".join(type_of({**shape, "type": one}, page) for one in kind)
    if kind == "array":
        words = f"list of {type_of(shape.get('items', {}), page)}"
    elif kind == "object" and isinstance(shape.get("additionalProperties"), Mapping):
        words = f"object of {type_of(shape['additionalProperties'], page)}"
    elif kind == "string":
        words = str(shape.get("format", "string"))
    else:
        words = str(kind)
    limits = [said.format(shape[limit]) for limit, said in LIMITS.items() if limit in shape and kind != "null"]
    return f"{words} ({', '.join(limits)})" if limits else words


def _value(value: Any) -> str:
    return "null" if value is None else f"`{cell(str(value))}`"


def cell(text: str) -> str:
    """A text inside of a table."""
    return text.replace("|", "\\|").replace("\n", " ")
