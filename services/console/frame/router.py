"""The router of the pages: each route declares what it needs of a person, and lets nobody else in."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute

from services.console.frame.guard import is_forged
from services.console.frame.refusals import ForgedError, NotAllowedError, NotThereError, SignedOutError
from services.console.frame.visit import VISIT, Visit
from services.console.people.needs import Needs
from services.console.people.person import Person
from services.console.people.signed_in import SessionOverError, signed_in
from services.console.state import state_of
from shared.identifiers import SchoolNumber, school_number
from shared.web.slashes import put_slashes_back

log = structlog.get_logger()

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class PageRoute(APIRoute):
    """A route behind the door. Without declared needs it can't be made."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the door."""
        handle = super().get_route_handler()
        needs = self.needs

        async def guarded(request: Request) -> Response:
            put_slashes_back(request.scope)
            if is_forged(request.method, request.headers, request.headers.get("host", "")):
                log.warning("console.forged", route=self.path)
                raise ForgedError
            if needs.signed_in:
                await _admit(request, needs)
            if not all(str(value).isprintable() for value in request.path_params.values()):
                # No key has such a sign, and no address that we would ask the services at can have it.
                raise NotThereError
            return await handle(request)

        return guarded

    @property
    def needs(self) -> Needs:
        """The route's declared needs. Raises StopIteration for a route that declares nothing."""
        return next(one.dependency for one in self.dependencies if isinstance(one.dependency, Needs))


class PageRouter:
    """Routes of pages. A path with `{school}` is a school's, and only for those who belong to it."""

    def __init__(self) -> None:
        self.router = APIRouter(route_class=PageRoute, include_in_schema=False)

    def get(self, path: str, needs: Needs) -> Callable[[Endpoint], Endpoint]:
        """A page."""
        return self._route(path, needs, "GET")

    def post(self, path: str, needs: Needs) -> Callable[[Endpoint], Endpoint]:
        """A change, by a form."""
        return self._route(path, needs, "POST")

    def every_method(self, path: str, needs: Needs) -> Callable[[Endpoint], Endpoint]:
        """A way through to something else, for all that HTTP can ask."""

        def add(endpoint: Endpoint) -> Endpoint:
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                self._route(path, needs, method)(endpoint)
            return endpoint

        return add

    def _route(self, path: str, needs: Needs, method: str) -> Callable[[Endpoint], Endpoint]:
        def add(endpoint: Endpoint) -> Endpoint:
            self.router.add_api_route(path, endpoint, methods=[method], response_model=None, dependencies=[Depends(needs)])
            return endpoint

        return add


async def _admit(request: Request, needs: Needs) -> None:
    """Keeps the visit of somebody who may. Raises SignedOutError, NotAllowedError, NotThereError."""
    state = state_of(request)
    try:
        found = await signed_in(request)
    except SessionOverError as error:
        raise SignedOutError(error.why) from error
    if found is None:
        raise SignedOutError
    session, principal = found
    school = _school(request)
    if school is not None and not principal.may_see(school):
        raise NotThereError
    token = session.contents.access_token
    request.scope[VISIT] = Visit(request, Person(principal, token), state.apis.of(token), state.templates, state.schools, school)
    if not needs.met_by(principal):
        raise NotAllowedError


def _school(request: Request) -> SchoolNumber | None:
    number = request.path_params.get("school")
    if number is None:
        return None
    try:
        return school_number(number)
    except ValueError as error:
        raise NotThereError from error
