"""The attendance codes over REST: the same router in every service that reads them."""

from datetime import date
from typing import Annotated, Protocol, cast

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field

from shared.attendance.codes import Code, CodeClass, CodeTable
from shared.auth.principal import Principal
from shared.web.door import Router
from shared.web.pages import Page
from shared.web.service import requires
from shared.web.state import service_state


class StateWithCodes(Protocol):
    """The part of a service's state that the router needs."""

    codes: CodeTable


class CodeOut(BaseModel):
    """An attendance code. Where `becomes` is set, the code is retired, and its marks count as marks of that one.

    `illness`: letters may speak of illness. `open`: no public text of the Ministry decides something about the code; `note` says what.
    """

    model_config = ConfigDict(populate_by_name=True)

    code: str
    meaning: str
    code_class: CodeClass = Field(alias="class")
    absent: bool
    valid_from: date | None
    valid_until: date | None
    becomes: str | None
    illness: bool
    open: bool
    note: str | None


def attendance_codes_router() -> Router:
    """The route. The service's state must have `codes`."""
    router = Router(tags=["attendance codes"])

    @router.get("/v1/attendance-codes", summary="The attendance codes and what each counts as")
    async def list_attendance_codes(
        request: Request,
        _: Annotated[Principal, requires(None, by_group=True)],
        on: Annotated[date | None, Query(description="Only the codes that are valid on this day; without it, retired ones too")] = None,
    ) -> Page[CodeOut]:
        """In the order of the file: what this process reads marks by. A school's own choices (`code_classes`) are not in it."""
        table = cast(StateWithCodes, service_state(request)).codes
        return Page(items=[_shown(code) for code in (table.on(on) if on else table.by_code.values())])

    return router


def _shown(code: Code) -> CodeOut:
    return CodeOut(
        code=code.code,
        meaning=code.meaning,
        code_class=code.code_class,
        absent=code.absent,
        valid_from=code.valid_from,
        valid_until=code.valid_until,
        becomes=code.becomes,
        illness=code.illness,
        open=code.open is not None,
        note=code.open,
    )
