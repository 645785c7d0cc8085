"""Signing in by a one-time link, and out."""

import re
from datetime import UTC, datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

import pytest
from sqlalchemy import text

from services.console.app import create_app
from services.console.identity.links import sign_link
from services.console.settings import ConsoleSettings
from shared.db.engine import create_engine
from tests.integration.console.screens import Screens, screens_before
from tests.integration.console.test_rights import path_of, routes


def test_a_dean_of_no_group_gets_no_link(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name it, as in --group 10A"):
        sign_link(tmp_path, "dean", ["0999"], [], datetime.now(UTC))


async def test_a_link_signs_in_once(screens: Screens) -> None:
    first, second, link = await screens.visitor(), await screens.visitor(), screens.link("principal")
    assert (await first.look(link)).url == "/console/0999/today"
    again = await second.look(link)
    assert "A link is good once" in again.text
    assert (await second.look("/console/0999/today")).heading == "Sign in"


async def test_a_browser_that_refuses_cookies_is_told_so(screens: Screens) -> None:
    visitor = await screens.visitor()
    visitor.http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    page = await visitor.look(screens.link("principal"))
    assert (page.heading, "Your browser refuses cookies" in page.text, "ask for a new link" in page.text) == ("Sign in", True, True)
    asked = await visitor.look("/console/0999/today")
    assert "You are not signed in. Sign in to see the page that you asked for." in asked.text


async def test_failures_count_together_whatever_process_they_came_to(screens: Screens, database_url: str) -> None:
    # A second console on the same database has a process's memory of its own.
    async with screens_before(screens.apis, database_url) as other:
        for number in range(20):
            answer = await (await (screens if number % 2 else other).visitor()).look("/console/link/nonsense")
            assert "not one of ours" in answer.text
        for each in (screens, other):
            assert "too many failed sign-ins" in (await (await each.visitor()).look(each.link("principal"))).text
        engine = create_engine(database_url, "console", pool_size=1)
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE failed_sign_ins SET at = at - CAST('5 minutes' AS interval)"))
        await engine.dispose()
        assert (await (await other.visitor()).look(other.link("principal"))).url == "/console/0999/today"


async def test_a_link_holds_for_ten_minutes(screens: Screens) -> None:
    old = sign_link(screens.apis.data, "dean", ["0999"], ["10A"], datetime.now(UTC) - timedelta(minutes=11))
    answer = await (await screens.visitor()).look(f"/console/link/{old}")
    assert "older than ten minutes" in answer.text


async def test_a_link_that_was_cut_off_is_none_of_ours(screens: Screens) -> None:
    answer = await (await screens.visitor()).look(screens.link("dean")[:-7])
    assert "not one of ours" in answer.text


async def test_a_link_is_no_token_for_an_api(screens: Screens) -> None:
    link = screens.link("principal").rpartition("/")[2]
    answer = await screens.apis.http.get(f"{screens.apis.urls['thresholds']}/v1/schools", headers={"Authorization": f"Bearer {link}"})
    assert answer.status_code == 401


async def test_signing_out_ends_the_session_and_not_only_the_cookie(screens: Screens) -> None:
    person = await screens.person("principal")
    cookie = person.http.cookies["star-console"]
    answer = await person.send("/console/sign-out")
    assert "You are signed out." in answer.text
    thief = await screens.visitor()
    thief.http.cookies.set("star-console", cookie)
    assert "Your session ended" in (await thief.look("/console/0999/today")).text
    # A form that was being filled in meanwhile is kept: it is sent again once somebody has signed in.
    hold = "/console/0999/students/12345/hold"
    thief.http.cookies.set("star-console", cookie)
    kept = await thief.send(hold, {"reason": "The family is in <hospital>"})
    assert (kept.status, kept.heading) == (401, "You were signed out")
    assert f'action="{hold}"' in kept.html
    assert 'name="reason" value="The family is in &lt;hospital&gt;"' in kept.html
    await thief.http.get(screens.link("principal"))
    assert "Letters are held." in (await thief.send(hold, {"reason": "The family is in <hospital>"})).text


async def test_each_form_is_kept_where_its_session_ended_meanwhile(screens: Screens) -> None:
    person = await screens.person("principal")
    await person.send("/console/sign-out")
    typed = {"why": "The family is in <hospital>", "rows.1.day": "2026-12-03", "chosen": ["one", "two"]}
    kept = [("why", "The family is in &lt;hospital&gt;"), ("rows.1.day", "2026-12-03"), ("chosen", "one"), ("chosen", "two")]
    for route in routes(create_app(ConsoleSettings())):
        if "POST" in route.methods and route.needs.signed_in:
            path = path_of(route)
            page = await person.send(path, typed)
            assert (page.status, page.heading) == (401, "You were signed out"), path
            assert f'action="{path}"' in page.html, path
            assert re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page.html) == kept, path
            # Nothing was typed beside a button; a file can't be kept.
            for form in ({}, {"files": {"file": ("marks.csv", b"a,b")}}):
                answer = await person.http.post(path, headers={"Sec-Fetch-Site": "same-origin"}, follow_redirects=True, **form)  # type: ignore[arg-type]
                assert "You were signed out before the form came. Nothing was changed" in answer.text, path


async def test_a_stranger_comes_back_to_where_they_were_going(screens: Screens) -> None:
    answer = await (await screens.visitor()).http.get("/console/0999/today?day=2026-11-19")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in?to=%2Fconsole%2F0999%2Ftoday%3Fday%3D2026-11-19")


async def test_too_many_failures_of_one_address_have_to_wait(screens: Screens) -> None:
    visitor = await screens.visitor()
    for _ in range(20):
        await visitor.http.get("/console/link/nonsense")
    assert "Wait five minutes" in (await visitor.look(screens.link("principal"))).text


async def test_the_answers_carry_a_strict_policy(screens: Screens) -> None:
    person = await screens.person("principal")
    answer = await person.http.get("/console/0999/today")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    cookies = [value for name, value in answer.headers.multi_items() if name == "set-cookie"]
    assert cookies == []
    signed = await (await screens.visitor()).http.get(screens.link("dean"))
    assert "HttpOnly; Max-Age=43200; Path=/; SameSite=lax" in signed.headers["set-cookie"]
