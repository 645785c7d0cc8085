"""The words of an answer that grants a request: what comes back.

An answer with a model says it by the model's docstring, a page by that of its items. Files and other answers without a model have no such
place, so `sends` asks for the words. No answer is left with FastAPI's own "Successful Response": a test holds every document to it.
"""

import re
from http import HTTPStatus
from typing import Any, Final

from shared.web.openapi.schemas import REF, Schema

UNSAID: Final = "Successful Response"
"""FastAPI's description of an answer that nobody has described."""

NOTHING: Final = "It is done. The answer has no body."

_JSON: Final = re.compile(r"application/(?:[\w.-]+\+)?json")
_TEXT: Final = frozenset({"application/jose"})
"""Forms that are text although their names don't say so."""

_FIRST: Final = re.compile(r"(.+?[.?!])(?:\s|$)", re.DOTALL)


def sends(words: str, *forms: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an operation that answers 200 with a file or a text: `responses=sends("The plan, to print.", "application/pdf")`.

    `forms` are its media types. An operation that has a model as well names the other forms alone.
    """
    return {HTTPStatus.OK.value: {"description": words, "content": {form: {"schema": _schema(form)} for form in forms}}}


def _schema(form: str) -> Schema:
    if _JSON.fullmatch(form):
        return {"type": "object"}
    return {"type": "string"} if form.startswith("text/") or form in _TEXT else {"type": "string", "format": "binary"}


def describe_success(answers: Schema, schemas: Schema) -> None:
    """Puts words to the answers that have none of their own yet."""
    for answer in answers.values():
        if answer["description"] == UNSAID:
            answer["description"] = _words(answer.get("content", {}), schemas)


def _words(content: Schema, schemas: Schema) -> str:
    said = [sentence for form in content.values() if (sentence := _of(form.get("schema", {}), schemas)) is not None]
    return said[0] if said else UNSAID if content else NOTHING


def _of(schema: Schema, schemas: Schema) -> str | None:
    """The sentence that says what a schema is; None if there is none."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].removeprefix(REF)]
    if (words := _FIRST.match(schema.get("description", ""))) is not None:
        return words[1]
    items = schema.get("properties", {}).get("items", {}).get("items")
    if items is None or (item := _of(items, schemas)) is None:
        return None
    return f"A page of a list. Each item: {item[0].lower() if item.startswith(('A ', 'An ', 'The ')) else item[0]}{item[1:]}"
