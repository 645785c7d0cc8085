"""A visit: one request by one person, with what a page needs to ask and to show."""

from collections.abc import Awaitable, Mapping
from http import HTTPStatus
from typing import Annotated, Any, cast
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from services.console.asking.apis import PersonalApis, together
from services.console.asking.part import Part
from services.console.frame.chrome import Chrome, Numbers, School, chrome_of, numbers_of, school_of
from services.console.frame.known_schools import KnownSchools
from services.console.frame.navigation import BASE, Page
from services.console.frame.notes import noted, take_note
from services.console.frame.rendering import Templates, is_fragment
from services.console.people.needs import Needs
from services.console.people.person import Person

VISIT = "console.visit"
"""Where the router keeps the visit in the request's scope."""


class Visit:
    """Asks the APIs as the person who is here, and shows pages to them."""

    def __init__(
        self, request: Request, person: Person, apis: PersonalApis, templates: Templates, schools: KnownSchools, school: str | None
    ) -> None:
        self.request = request
        self.person = person
        self.apis = apis
        self.school_number = school
        self._templates = templates
        self._schools = schools
        self._school: School | None = None
        self._summary: Part[Any] | None = None
        self._numbers = Numbers()
        self.letters: Part[Any] | None = None
        """The letters that wait for a person, where the navigation has asked for their number."""

    @property
    def school(self) -> str:
        """The school's number in the address."""
        assert self.school_number is not None
        return self.school_number

    @property
    def about_school(self) -> School:
        """The school, its terms and its clock. Known once something was asked."""
        assert self._school is not None
        return self._school

    @property
    def summary(self) -> Part[Any]:
        """The numbers of the person's own students and records. Known once something was asked."""
        assert self._summary is not None
        return self._summary

    async def know(self) -> School:
        """The school, where a page has to know it before it can ask."""
        if self._school is None:
            part = self._schools.get(self.school) or await self.apis.thresholds.get(self._path)
            self._know(part)
        return self.about_school

    async def ask(self, **questions: Awaitable[Part[Any]]) -> dict[str, Part[Any]]:
        """Asks all at the same time, and for what stands around the page beside them. Raises TokenRefusedError."""
        parts = await together({**questions, **self._surroundings()})
        if "_school" in parts:
            self._know(parts.pop("_school"))
        if "_summary" in parts:
            self._summary = parts.pop("_summary")
            self.letters = parts.pop("_letters", None)
            self._numbers = numbers_of(self._summary, self.letters)
        return parts

    @property
    def _path(self) -> str:
        return f"/v1/schools/{self.school}"

    def _know(self, part: Part[Any]) -> None:
        self._schools.keep(self.school, part)
        self._school = school_of(self.school, part)

    def _surroundings(self) -> dict[str, Awaitable[Part[Any]]]:
        """The questions behind the school's name and the numbers of the navigation, once a request."""
        if self.school_number is None or not self.person.is_staff:
            return {}
        known = self._schools.get(self.school) if self._school is None else None
        if known is not None:
            self._know(known)
        about: dict[str, Awaitable[Part[Any]]] = {}
        if self._school is None:
            about["_school"] = self.apis.thresholds.get(self._path)
        if self._summary is None:
            about["_summary"] = self.apis.thresholds.get(f"{self._path}/summary")
            if self.person.principal.part is None and not is_fragment(self.request):
                about["_letters"] = self.apis.notifier.get(f"{self._path}/letters/waiting-release", numbers=True)
        return about

    @property
    def zone(self) -> ZoneInfo:
        """The school's time zone."""
        return self.about_school.zone

    def show(
        self,
        template: str,
        page: Page | None,
        context: Mapping[str, Any] | None = None,
        *,
        title: str | None = None,
        block: str | None = None,
        status: int = HTTPStatus.OK,
        **view: Any,
    ) -> Response:
        """The page. `context` and `view` are what its template names; `block` is the part that htmx swaps."""
        note = take_note(self.request)
        chrome: Chrome = chrome_of(self.person, page, title, self.school_number, self._school, self.request, note, self._numbers)
        answer = self._templates.page(self.request, template, {"chrome": chrome, **(context or {}), **view}, block=block, status=status)
        if note is not None and not is_fragment(self.request):
            noted(answer, None)
        return answer

    def leave(self, path: str, note: str | None = None, *, undo: str | None = None) -> Response:
        """Leads on to another page after a change, which shows the note; `undo` is the address that takes the change back."""
        answer = RedirectResponse(path, status_code=HTTPStatus.SEE_OTHER)
        if note is not None:
            noted(answer, note, undo)
        return answer

    def may(self, needs: Needs) -> bool:
        """Whether the person could do what a route with these needs does."""
        return needs.met_by(self.person.principal)

    def address(self, *parts: str) -> str:
        """An address below the school's: `visit.address("students", student)`."""
        return "/".join([BASE, self.school, *(quote(part, safe="") for part in parts)])

    def student_path(self, student: str) -> str:
        """The path of a student in the services' APIs, whatever signs the school's key has."""
        return f"/v1/schools/{self.school}/students/{quote(student, safe='')}"


async def _visit(request: Request) -> Visit:
    return cast(Visit, request.scope[VISIT])


VisitHere = Annotated[Visit, Depends(_visit)]
"""The visit, as a page's parameter."""
