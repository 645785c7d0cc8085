"""Permission to see each page: every route, as every role."""

import re

from fastapi import FastAPI

from services.console.app import PAGES, create_app
from services.console.frame import navigation
from services.console.frame.router import PageRoute
from services.console.people.needs import Needs
from services.console.settings import ConsoleSettings
from tests.integration.console.screens import ROLES, Screens

EXPECTED = {
    "office": {"today", "students", "records", "letters", "plan", "analysis", "data-quality", "ministry", "settings"},
    "dean": {"today", "students", "records", "letters", "analysis", "data-quality"},
    "principal": {"today", "students", "records", "letters", "plan", "analysis", "data-quality", "ministry", "settings"},
    "partner": {"partners"},
    "ops": {"operations"},
}
UNDECLARED = {"/healthz", "/readyz", "/metrics"}


def path_of(route: PageRoute, **named: str) -> str:
    """The route's path with a number in every place that is not named."""
    return "/console" + re.sub(r"\{(\w+)(:\w+)?\}", lambda found: named.get(found[1], "0999"), route.path)


def routes(app: FastAPI) -> list[PageRoute]:
    return [route for module in PAGES for route in module.router.router.routes if isinstance(route, PageRoute)]


def test_every_route_declares_what_it_needs() -> None:
    app = create_app(ConsoleSettings())
    assert all(isinstance(route.needs, Needs) for route in routes(app))
    assert all(isinstance(route, PageRoute) for module in PAGES for route in module.router.router.routes)


async def test_each_role_sees_its_pages_and_no_other(screens: Screens) -> None:
    for name in ROLES:
        person = await screens.person(name)
        for page in navigation.PAGES:
            answer = await person.look(page.address("0999"))
            expected = 200 if page.name in EXPECTED[name] else 403
            assert answer.status == expected, (name, page.name, answer.text)
            assert answer.html.count("<main") == 1, (name, page.name)
            assert answer.heading


async def test_what_a_role_may_see_can_be_reached_by_navigation(screens: Screens) -> None:
    built = {page.name for page in navigation.PAGES}
    for name in ROLES:
        person = await screens.person(name)
        first = await person.look("/console/")
        for page in navigation.PAGES:
            assert (f'href="{page.address("0999")}"' in first.html) == (page.name in EXPECTED[name] & built), (name, page.name)


async def test_every_route_asks_a_stranger_to_sign_in(screens: Screens) -> None:
    stranger = await screens.visitor()
    for route in routes(create_app(ConsoleSettings())):
        if route.needs.signed_in:
            path = path_of(route)
            (method,) = route.methods
            answer = await stranger.http.request(method, path)
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/console/sign-in"), path


async def test_no_sign_in_an_address_breaks_a_page(screens: Screens) -> None:
    person = await screens.person("principal")
    tried = 0
    for route in routes(create_app(ConsoleSettings())):
        (method,) = route.methods
        named = route.param_convertors.keys() - {"school"}
        for sign in ("%00", "%0a", "%7f", "%e2%80%a8") if named and method == "GET" else ():
            answer = await person.http.get(path_of(route, **dict.fromkeys(named, sign)))
            assert answer.status_code in {403, 404, 422}, (route.path, sign, answer.status_code)
            tried += 1
    assert tried > 20
    for day, status in (("0001-01-01", 422), ("9999-12-31", 200)):
        assert (await person.http.get("/console/0999/today", params={"day": day})).status_code == status, day


async def test_every_route_of_a_school_hides_another_school(screens: Screens) -> None:
    for name in ("dean", "principal", "partner"):
        person = await screens.person(name)
        for route in routes(create_app(ConsoleSettings())):
            if "school" in route.param_convertors:
                path = path_of(route, school="0189")
                (method,) = route.methods
                answer = await person.http.request(method, path)
                assert answer.status_code == 404, (name, path)
                assert "belongs to another school" in answer.text


async def test_every_change_from_another_site_is_refused(screens: Screens) -> None:
    person = await screens.person("principal")
    for route in routes(create_app(ConsoleSettings())):
        if "POST" in route.methods:
            path = path_of(route)
            for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}):
                answer = await person.http.post(path, headers=headers)
                assert (answer.status_code, "Nothing was changed" in answer.text) == (403, True), (path, headers)


async def test_an_unknown_address_is_a_page_in_words(screens: Screens) -> None:
    person = await screens.person("principal")
    answer = await person.look("/console/0999/nowhere")
    assert (answer.status, answer.heading) == (404, "There is no such page")
