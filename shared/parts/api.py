"""The questions of operators to a service: its processes, operations, and how far it is behind. The same router in every service."""

from typing import Annotated, Literal, cast
from uuid import UUID

from fastapi import Depends, Query, Request

from shared.auth.principal import Principal
from shared.deadletters import repository as dead_letters
from shared.outbox import repository as outbox
from shared.parts import repository
from shared.parts.figures import lag_of, operations_of, part_out
from shared.parts.schemas import BacklogOut, DeadLettersOut, OperationPage, OutboxOut, PartOut, WorkItemOut, WorkKindOut
from shared.settings import ServiceName
from shared.web.cursors import PageLimit, moment, read_cursor
from shared.web.door import Gate, Router
from shared.web.pages import Page, page_of
from shared.web.state import ServiceState, service_state
from shared.worklist import repository as worklist

Operator = Annotated[Principal, Depends(Gate("ops", "view", by_group=False))]


def parts_router(service: ServiceName) -> Router:
    """The routes."""
    router = Router(tags=["operations"])

    @router.get("/v1/parts", summary="The processes of this service")
    async def list_parts(request: Request, caller: Operator) -> Page[PartOut]:
        """Each process announces itself every ten seconds. One that is silent for 45 seconds is not live, after ten minutes it is gone."""
        async with _state(request).engine.connect() as connection:
            parts = await repository.listed(connection)
        return Page(items=[part_out(service, part) for part in parts])

    @router.get("/v1/operations", summary="Rate, errors and times of each operation in the last hour")
    async def list_operations(request: Request, caller: Operator) -> OperationPage:
        """Counted by the processes themselves and added up, up to ten seconds old. Times are in milliseconds, up to a fifth too long."""
        async with _state(request).engine.connect() as connection:
            parts = await repository.listed(connection)
        return operations_of(service, request.app.openapi(), [hour for part in parts if (hour := part.hour()) is not None])

    @router.get("/v1/backlog", summary="How far this service is behind")
    async def get_backlog(request: Request, caller: Operator) -> BacklogOut:
        """The lag of its consumer groups (up to half a minute old), its outbox, its worklist by kind, and the dead letters that wait."""
        state = _state(request)
        async with state.engine.connect() as connection:
            lag = lag_of([part for part in await repository.listed(connection) if part.live])
            waiting = await outbox.backlog(connection)
            work = await worklist.by_kind(connection, state.clock())
            letters = await dead_letters.by_reason(connection)
        return BacklogOut(
            service=service,
            lag=lag,
            outbox=OutboxOut(waiting=waiting.count, seconds=round(waiting.age.total_seconds(), 1), refused=waiting.refused),
            work=[WorkKindOut.model_validate(row) for row in work],
            dead_letters=[DeadLettersOut.model_validate(row) for row in letters],
        )

    @router.get("/v1/work-items", summary="The work items of one kind")
    async def list_work_items(
        request: Request,
        caller: Operator,
        kind: Annotated[str, Query(max_length=100, description="As in the backlog")],
        state: Annotated[Literal["waiting", "failed"], Query(description="`failed`: in the last day")] = "waiting",
        limit: PageLimit = 50,
        cursor: str | None = None,
    ) -> Page[WorkItemOut]:
        """Those that are not finished, the longest due first; or those that failed. They name nobody."""
        after = read_cursor(cursor, moment, UUID)
        of_service = _state(request)
        async with of_service.engine.connect() as connection:
            now = of_service.clock()
            rows = await worklist.items(connection, kind, now, failed=state == "failed", after=after, most=limit + 1)
        return page_of(rows, limit, lambda row: (row["due_at"], row["id"])).map(WorkItemOut.model_validate)

    return router


def _state(request: Request) -> ServiceState:
    return cast(ServiceState, service_state(request))
