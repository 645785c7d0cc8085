"""Lists in pages: `{"items": [...], "next": cursor or null}`, the one shape of every list.

    @router.get("/v1/schools/{school}/things")
    async def list_things(school: SchoolInPath, state: State, limit: PageLimit = 50, cursor: str | None = None) -> Page[ThingOut]:
        after = read_cursor(cursor, moment, uuid.UUID)
        async with state.engine.connect() as connection:
            rows = await things.page(connection, school, after=after, most=limit + 1)
        return page_of(rows, limit, lambda row: (row["created_at"], row["id"])).map(ThingOut.model_validate)

Where the items of a page are made together: `page = page_of(...)`, then `Page(items=await shown(page.items), next=page.next)`. A list that
is never longer than a page is `Page(items=[...])`. An answer with more than a page in it extends one: `class Waiting(Page[Letter])`.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from shared.web.cursors import Part, encode_cursor

Item = TypeVar("Item")
Shown = TypeVar("Shown")


class Page(BaseModel, Generic[Item]):
    """A page of a list."""

    # An answer always has both fields, so that a typed client need not ask whether `next` is there.
    # Its fields' docstrings are not read: for `Page[ThingOut]`, which no class statement makes, pydantic would look for one in every frame
    # of the stack, among all modules. That was half of the time that a process took to start.
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    items: list[Item]
    next: Annotated[str | None, Field(description="Pass it on as `cursor` for the next page; null on the last one.")] = None

    def map(self, show: Callable[[Item], Shown]) -> "Page[Shown]":
        """The same page with each item shown otherwise."""
        return Page(items=[show(item) for item in self.items], next=self.next)

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """`Page[ThingOut]` is `ThingPage` in the OpenAPI document, and in the clients that are made from it."""
        (item,) = params
        name: str = getattr(item, "__name__", str(item))
        return f"{name.removesuffix('Out')}{cls.__name__}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler, /) -> CoreSchema:
        schema = handler(source)
        # By itself, pydantic would take the schema's name in the document from the parameters: `Page_ThingOut_`.
        schema["ref"] = f"{cls.__module__}.{cls.__name__}:{id(cls)}"  # type: ignore[index]
        return schema


def page_of(
    rows: Sequence[Item], limit: int, key: Callable[[Item], Part | tuple[Part, ...]], encode: Callable[..., str] = encode_cursor
) -> Page[Item]:
    """The first `limit` of the rows. The caller has asked the database for one more: where it is there, `next` leads on.

    `key` answers where a row stands in the order of the list: what `read_cursor` reads back from the cursor, part by part.
    `encode` makes the cursor: a seal's, where the order is one of names.
    """
    if len(rows) <= limit:
        return Page(items=list(rows))
    kept = list(rows[:limit])
    place = key(kept[-1])
    return Page(items=kept, next=encode(*place) if isinstance(place, tuple) else encode(place))
