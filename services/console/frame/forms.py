"""Forms: what a page posts becomes a pydantic model, or a sentence for each field that is wrong."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import Depends, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.web.body import read_body
from shared.web.errors import ProblemError

MOST: Final = 256 * 1024
"""Bytes of a form: a letter's template is the longest."""

LEAST_REASON: Final = 3
"""Characters of a reason."""

PAIRS: Final = "console.pairs"
"""Where a form that was read is kept in the request's scope."""

Model = TypeVar("Model", bound=BaseModel)


def _has_some(ids: list[UUID]) -> list[UUID]:
    if not ids:
        raise ValueError("choose at least one")
    return ids


Ticked = Annotated[list[UUID], AfterValidator(_has_some)]
"""The items of a list that were ticked: at least one. A browser sends nothing for none, so its field validates its default."""


class Form(BaseModel):
    """A form. A field left empty is not there; a field that may come several times is a list.

    A field that is a list of models is a table: its cells are named `field.ROW.cell`, and a row whose cells are all empty is not there.
    """

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)


class FormOnce(Form):
    """A form that makes something. `once` was drawn when the form was shown: sent twice, it makes one thing."""

    once: str | None = Field(default=None, max_length=200)


class ListFilters(BaseModel):
    """Filters of a list, in its address. A field that the filters' form sends empty is not set."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    cursor: str | None = None
    format: Literal["csv"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, values: Any) -> Any:
        return {name: value for name, value in values.items() if value not in ("", None)} if isinstance(values, dict) else values

    def chosen(self) -> dict[str, Any]:
        """The filters that are set, as an API takes them."""
        return self.model_dump(mode="json", exclude_defaults=True, exclude={"cursor", "format"})


class BadFormError(Exception):
    """A form with wrong fields: a sentence for each."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("; ".join(sentences))
        self.sentences = sentences


def form(model: type[Model]) -> Any:
    """A dependency: the form that was sent. Raises BadFormError."""

    async def read(request: Request) -> Model:
        return read_pairs(model, await pairs_of(request))

    reader: Callable[[Request], Coroutine[Any, Any, Model]] = read
    return Depends(reader)


async def pairs_of(request: Request) -> list[tuple[str, str]]:
    """The names and values that were sent, kept for whoever asks again. Raises ProblemError for what is no form."""
    if PAIRS not in request.scope:
        try:
            body = await read_body(request, MOST)
            request.scope[PAIRS] = parse_qsl(body.decode(), keep_blank_values=False, max_num_fields=10_000)
        except (UnicodeDecodeError, ValueError) as error:
            raise ProblemError(HTTPStatus.BAD_REQUEST, "malformed-form", "this is no form") from error
    pairs: list[tuple[str, str]] = request.scope[PAIRS]
    return pairs


def read_pairs(model: type[Model], pairs: list[tuple[str, str]]) -> Model:
    """The model of name and value pairs. Raises BadFormError."""
    values: dict[str, Any] = {}
    tables: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for name, value in pairs:
        text = value.strip()
        table, _, cell = name.partition(".")
        row, _, column = cell.partition(".")
        field = model.model_fields.get(table if column else name)
        if field is None or not text:
            continue
        if column:
            tables.setdefault(table, {}).setdefault(row, []).append((column, text))
        elif get_origin(field.annotation) is list:
            values.setdefault(name, []).append(text)
        else:
            values[name] = text
    for table, rows in tables.items():
        values[table] = _rows(model, table, rows)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise BadFormError([_sentence(model, entry) for entry in error.errors()]) from error


def _rows(model: type[BaseModel], table: str, rows: dict[str, list[tuple[str, str]]]) -> list[BaseModel]:
    """The rows of a table, in the order of their numbers. Raises BadFormError, which names the row."""
    field = model.model_fields[table]
    (of_row,) = get_args(field.annotation)
    read = []
    for number, (_, cells) in enumerate(sorted(rows.items(), key=lambda row: (len(row[0]), row[0])), start=1):
        try:
            read.append(read_pairs(of_row, cells))
        except BadFormError as error:
            title = field.title or table.replace("_", " ").capitalize()
            raise BadFormError([f"{title}, row {number}: {sentence}" for sentence in error.sentences]) from error
    return read


def _sentence(model: type[BaseModel], entry: Any) -> str:
    name = str(entry["loc"][0]) if entry["loc"] else ""
    field = model.model_fields.get(name)
    title = (field.title if field is not None else None) or name.replace("_", " ").capitalize()
    if entry["type"] == "missing":
        return f"{title} is needed."
    return f"{title}: {entry['msg'].removeprefix('Value error, ')}."
