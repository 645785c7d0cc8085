"""The door of every endpoint: first the caller's rights, then the body, within its bound.

FastAPI reads and parses a body before any dependency runs, so without this a request without a token could fill the memory. `Router` is
the `APIRouter` of the services: what its endpoints ask of a caller (`requires`, in `shared/web/service.py`) holds before a byte of the
body is asked for, and what a JSON body may have in bytes (`takes`) while it is read. Endpoints that read a stream themselves do so with
`shared/web/body.py`, after the same look at the caller.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterator
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar, cast

from fastapi import APIRouter, Depends, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from shared.auth.principal import Principal, Role, Scope
from shared.identifiers import SchoolNumber, is_student_key, school_number
from shared.key_holders.naming import ID, named
from shared.web.answers import NamedAnswer
from shared.web.body import read_body
from shared.web.problems import ProblemError
from shared.web.retiring import retiring_of
from shared.web.slashes import put_slashes_back
from shared.web.state import ServiceState, service_state
from shared.web.text import refuse_unstorable_json, refuse_unstorable_query

MIB: Final = 1024 * 1024
USUAL_LIMIT: Final = MIB
"""Bytes of a JSON body whose endpoint names no other bound: ten times the longest plan, template or list that a school writes."""

PRINCIPAL: Final = "star.principal"
_GATE: Final = "_star_gate"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

_bearer = HTTPBearer(auto_error=False, description="A token from `star token issue`, or from the configured OIDC issuer")

ScopeOf = Callable[[Request], Scope]
"""The scope that a request takes, where it depends on the request's query."""


class Gate:
    """The rights that an endpoint asks for. The door verifies them once; as a dependency, the gate answers the caller they belong to."""

    def __init__(self, scope: Scope | ScopeOf | None, role: Role, *, by_group: bool) -> None:
        self._scope = scope
        self._role = role
        self._by_group = by_group

    @property
    def takes_scope(self) -> bool:
        """Whether a token without a certain scope is refused."""
        return self._scope is not None

    @property
    def takes_whole_school(self) -> bool:
        """Whether staff who look after a part of a school are refused."""
        return not self._by_group

    async def __call__(self, request: Request, _: Annotated[Any, Depends(_bearer)]) -> Principal:
        admitted: Principal | None = request.scope.get(PRINCIPAL)
        return admitted if admitted is not None else await self.admit(request)

    async def admit(self, request: Request) -> Principal:
        """The caller, who may do this, at the school in the path if there is one. Raises ProblemError 401, 403 or 404."""
        state = cast(ServiceState, service_state(request))
        principal = await state.verifier.principal(request.headers.get("authorization"))
        scope = self._scope(request) if callable(self._scope) else self._scope
        if scope is not None:
            principal.require_scope(scope)
        principal.require_role(self._role)
        if not self._by_group:
            principal.require_whole_school()
        school = request.path_params.get("school")
        if school is not None:
            principal.require_school(known_school_number(school))
        return principal


class _Taken:
    def __init__(self, most: int, *, item_by_item: bool) -> None:
        self.most = most
        self.item_by_item = item_by_item

    async def __call__(self) -> None:
        """Nothing to do: the door has held the body to it."""


def takes(most: int, *, item_by_item: bool = False) -> Any:
    """A dependency that says how many bytes the endpoint's JSON body may have: `dependencies=[takes(8 * MIB)]`.

    `item_by_item`: the endpoint refuses what is no text in the item that holds it, so that the other items are taken.
    """
    return Depends(_Taken(most, item_by_item=item_by_item))


_USUAL: Final = _Taken(USUAL_LIMIT, item_by_item=False)


def asks(scope: Scope, *, role: Role = "view") -> Callable[[Endpoint], Endpoint]:
    """The rights of an endpoint that has no use for its caller, and no time: FastAPI's way to it would cost more than all it does.

    It is called with the request and the names in its path, has no dependencies, and answers with a Response (`shared/web/short_way.py`).
    """

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _GATE, Gate(scope, role, by_group=False))
        return endpoint

    return mark


class GuardedRoute(APIRoute):
    """A route that lets nobody's body in before its caller."""

    @property
    def gates(self) -> list[Gate]:
        """The rights that the route asks for; none of a public one."""
        marked: Gate | None = getattr(self.endpoint, _GATE, None)
        return [*_declared(self.dependant, Gate), *([marked] if marked is not None else [])]

    @property
    def is_short(self) -> bool:
        """Whether its endpoint is called by hand, without FastAPI's dependencies (`asks`)."""
        return hasattr(self.endpoint, _GATE)

    @property
    def reads_body(self) -> bool:
        """Whether the route reads a body: as JSON by a model, or as a stream that its document declares."""
        return self.body_field is not None or "requestBody" in (self.openapi_extra or {})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the door."""
        handle = self._by_hand if self.is_short else super().get_route_handler()
        gates = self.gates
        taken = next(_declared(self.dependant, _Taken), _USUAL)
        reads_json = self.body_field is not None
        ending = retiring_of(self.endpoint)

        async def guarded(request: Request) -> Response:
            put_slashes_back(request.scope)
            for gate in gates:
                request.scope[PRINCIPAL] = await gate.admit(request)
            refuse_unstorable_query(request)
            await _name_student(request)
            if reads_json:
                body = await read_body(request, taken.most)
                if not taken.item_by_item:
                    refuse_unstorable_json(body)
                request = Request(request.scope, _replayed(body))
            answer = await handle(request)
            # What is public names no student.
            if gates:
                await _name_children(request, answer)
            if ending is not None:
                answer.headers.update(ending.headers())
            return answer

        return guarded

    async def _by_hand(self, request: Request) -> Response:
        answer: Response = await self.endpoint(request, **request.path_params)
        return answer


async def _name_student(request: Request) -> None:
    """Puts the student whom the path names in place of the name, for every endpoint alike."""
    names = request.path_params
    if "student" in names and "school" in names and is_student_key(names["student"]):
        state = cast(ServiceState, service_state(request))
        student = await state.student_named(known_school_number(names["school"]), names["student"])
        request.scope["path_params"] = {**names, "student": student}


async def _name_children(request: Request, answer: Response) -> None:
    """Puts the names of children in place of the engine's keys, for every endpoint alike."""
    if isinstance(answer, NamedAnswer):
        return
    # A stream has no body yet, and a file is what it was when it was sent or signed.
    body = getattr(answer, "body", b"")
    if ID not in body or answer.headers.get("content-type") != "application/json" or "content-disposition" in answer.headers:
        return
    names = await cast(ServiceState, service_state(request)).names_of_children()
    if names:
        answer.body = named(bytes(body), names)
        answer.headers["content-length"] = str(len(answer.body))


class Router(APIRouter):
    """The router of a service's endpoints."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=GuardedRoute, **options)


def known_school_number(school: str) -> SchoolNumber:
    """The padded number. Raises ProblemError 404 for what can't be one."""
    try:
        return school_number(school)
    except ValueError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-school", str(error)) from error


Kind = TypeVar("Kind", Gate, _Taken)


def _declared(dependant: Dependant, kind: type[Kind]) -> Iterator[Kind]:
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, kind):
            yield dependency.call
        yield from _declared(dependency, kind)


def _replayed(body: bytes) -> Callable[[], Awaitable[dict[str, Any]]]:
    """The body as if it came now, for FastAPI to parse."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
