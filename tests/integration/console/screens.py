"""The console in front of the four APIs, as browsers reach it, and people who are signed in by links."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any, Final

import httpx

from services.console.app import create_app
from services.console.identity.links import LinkRole, sign_link
from services.console.settings import ConsoleSettings
from tests.integration.apis.four_apis import FourApis
from tests.support.servers import serving

ROLES: Final[dict[str, tuple[LinkRole, list[str], list[str]]]] = {
    "office": ("office", ["0999"], []),
    "dean": ("dean", ["0999"], ["year:10"]),
    "principal": ("principal", ["0999"], []),
    "partner": ("partner", ["0999"], []),
    "ops": ("ops", ["*"], []),
}
"""The people who walk every page: the role of their link, their schools, their groups."""


@dataclass(frozen=True)
class Answer:
    """A page as a person reads it."""

    status: int
    url: str
    html: str

    @property
    def text(self) -> str:
        """Its words, without tags, in one line."""
        body = re.sub(r"(?s)<(script|style|svg|head|dialog).*?</\1>", " ", self.html)
        return re.sub(r"\s+", " ", unescape(re.sub(r"(?s)<[^>]+>", " ", body))).strip()

    @property
    def heading(self) -> str:
        """Its only `<h1>`."""
        (heading,) = re.findall(r"(?s)<h1[^>]*>(.*?)</h1>", self.html)
        return unescape(re.sub(r"<[^>]+>", "", heading)).strip()


class Visitor:
    """Somebody with a browser without scripts."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def look(self, path: str, **query: Any) -> Answer:
        """A page, after whatever it leads on to."""
        return _answer(await self.http.get(path, params=query, follow_redirects=True))

    async def send(self, path: str, form: dict[str, Any] | None = None, **headers: str) -> Answer:
        """A form, and the page that it leads on to."""
        answer = await self.http.post(path, data=form or {}, headers={"Sec-Fetch-Site": "same-origin", **headers}, follow_redirects=True)
        return _answer(answer)


@dataclass
class Screens:
    """The console's address, and the APIs behind it."""

    url: str
    apis: FourApis
    stack: AsyncExitStack

    async def visitor(self) -> Visitor:
        """Somebody who is not signed in."""
        return Visitor(await self.stack.enter_async_context(httpx.AsyncClient(base_url=self.url, timeout=30)))

    def link(self, name: str) -> str:
        """A link for one of ROLES."""
        role, schools, groups = ROLES[name]
        return f"/console/link/{sign_link(self.apis.data, role, schools, groups, datetime.now(UTC))}"

    async def person(self, name: str) -> Visitor:
        """One of ROLES, signed in."""
        visitor = await self.visitor()
        answer = await visitor.http.get(self.link(name))
        assert answer.headers["location"] == "/console/sign-in/done", answer.text
        return visitor


@asynccontextmanager
async def screens_before(apis: FourApis, database_url: str, port: int | None = None, **settings: Any) -> AsyncIterator[Screens]:
    """The console before these APIs."""
    urls = {f"console_{name.replace('-', '_')}_url": url for name, url in apis.urls.items()}
    own = ConsoleSettings(**{"data": apis.data, "database_url": database_url, "database_pool": 4, **urls, **settings})
    async with AsyncExitStack() as stack:
        yield Screens(await stack.enter_async_context(serving(create_app(own), port)), apis, stack)


def _answer(answer: httpx.Response) -> Answer:
    return Answer(answer.status_code, answer.url.raw_path.decode(), answer.text)
