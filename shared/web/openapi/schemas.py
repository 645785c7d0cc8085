"""Inline schemas with a title become named schemas of the document, like those that a model declares."""

from typing import Any

REF: str = "#/components/schemas/"

Schema = dict[str, Any]


def name_inline(node: Any, into: Schema) -> Any:
    """The node, with a reference in place of each titled object in it; the objects go `into` the document's schemas.

    The definitions that pydantic puts beside a schema (`$defs`) go there as well. A name that is taken keeps its schema.
    """
    if isinstance(node, list):
        return [name_inline(entry, into) for entry in node]
    if not isinstance(node, dict):
        return node
    for name, schema in node.get("$defs", {}).items():
        into.setdefault(name, name_inline({key: value for key, value in schema.items() if key != "title"}, into))
    named = {key: value if key in _DATA else name_inline(value, into) for key, value in node.items() if key != "$defs"}
    if named.get("type") == "object" and "properties" in named and isinstance(named.get("title"), str):
        name = named.pop("title")
        into.setdefault(name, named)
        return {"$ref": REF + name}
    return named


_DATA = frozenset({"example", "examples", "default", "const", "enum"})
"""Keywords whose values are data, not schemas."""
