"""The short way to an endpoint that has no time (`asks`, in `shared/web/door.py`): past FastAPI's routers and stacks of dependencies.

The endpoint stays an operation of its router, which documents it and refuses other methods. Its door, its problems, its metrics and the
bound on requests are those of every endpoint: this route lies behind the same middleware.
"""

from collections.abc import Iterator, Sequence

from starlette._utils import get_route_path
from starlette.requests import Request
from starlette.routing import BaseRoute, Match, compile_path
from starlette.types import Receive, Scope, Send

from shared.web.door import GuardedRoute, Router


def short_ways(routers: Sequence[Router]) -> Iterator[BaseRoute]:
    """The short ways to those endpoints of the routers that have no time."""
    for router in routers:
        for route in router.routes:
            if isinstance(route, GuardedRoute) and route.is_short:
                yield ShortWay(route)


class ShortWay(BaseRoute):
    """Hands the requests of one route to its door at once."""

    def __init__(self, route: GuardedRoute) -> None:
        self._route = route
        self._methods = frozenset(route.methods or ())
        self._answer = route.get_route_handler()
        self._path, _, _ = compile_path(route.path)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the request is one of the route's, and what it says of it."""
        if scope["type"] != "http" or scope["method"] not in self._methods:
            return Match.NONE, {}
        found = self._path.match(get_route_path(scope))
        if found is None:
            return Match.NONE, {}
        return Match.FULL, {"route": self._route, "endpoint": self._route.endpoint, "path_params": found.groupdict()}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers. Errors go on to the app's handlers, which make problems of them."""
        answer = await self._answer(Request(scope, receive, send))
        await answer(scope, receive, send)
