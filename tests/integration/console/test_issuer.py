"""Signing in at a real OpenID Connect provider, and every way in which that fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.clock import utc_now
from tests.integration.apis.four_apis import FourApis, four_apis
from tests.integration.console.screens import Screens, Visitor, screens_before
from tests.support.oidc_provider import SECRET, OidcProvider, running_provider, walk
from tests.support.ports import free_port

DEAN = {"schools": ["0999"], "role": "manage", "groups": ["year:10"]}
NEW_SECRET = "the-next-secret-of-the-tests"
ACCOUNTS: dict[str, dict[str, Any]] = {
    "dean": DEAN,
    "both": {"schools": ["0999", "0189"], "role": "admin"},
    "no-school": {"schools": [], "role": "admin"},
    "stranger": {"schools": ["0999"], "role": "owner"},
}


class Doors:
    """The console before the provider."""

    def __init__(self, screens: Screens, provider: OidcProvider) -> None:
        self.screens = screens
        self.provider = provider

    async def enter(self, account: str, to: str = "/console/", **how: bool) -> tuple[Visitor, httpx.Response]:
        """Somebody with a browser, and the page that they end on."""
        visitor = await self.screens.visitor()
        return visitor, await walk(visitor.http, f"/console/sign-in/start?to={to}", account, **how)


@asynccontextmanager
async def doors_of(database_url: str, folder: Path, **settings: Any) -> AsyncIterator[Doors]:
    port = free_port()
    async with (
        ground_of(database_url, folder, port, **settings) as (provider, apis),
        screens_with(SECRET, provider, apis, database_url, port) as screens,
    ):
        yield Doors(screens, provider)


@asynccontextmanager
async def ground_of(database_url: str, folder: Path, port: int, **settings: Any) -> AsyncIterator[tuple[OidcProvider, FourApis]]:
    """The provider of a console at this port, and the APIs."""
    async with AsyncExitStack() as stack:
        provider = stack.enter_context(running_provider(folder, f"http://127.0.0.1:{port}", accounts=dict(ACCOUNTS), **settings))
        oidc = {"oidc_issuer": provider.issuer, "oidc_audience": "star"}
        yield provider, await stack.enter_async_context(four_apis(database_url, folder, utc_now, **oidc))


@asynccontextmanager
async def screens_with(secret: str, provider: OidcProvider, apis: FourApis, database_url: str, port: int) -> AsyncIterator[Screens]:
    """The console that the provider knows by this secret."""
    async with screens_before(
        apis,
        database_url,
        port,
        oidc_issuer=provider.issuer,
        oidc_audience="star",
        console_client_id="star-console",
        console_client_secret=secret,
        console_oidc_scopes="openid offline_access star:read star:write",
        console_oidc_resource="https://star.example.nz/api",
    ) as screens:
        yield screens


@pytest.fixture
async def doors(database_url: str, tmp_path: Path) -> AsyncIterator[Doors]:
    async with doors_of(database_url, tmp_path) as doors:
        yield doors


async def test_people_sign_in_and_out_at_their_school(doors: Doors) -> None:
    visitor, page = await doors.enter("dean")
    # The school has not sent anything yet: its first page says so, to somebody who is signed in.
    assert (page.status_code, page.url.path) == (404, "/console/0999/today")
    assert "Dean, year 10" in page.text
    assert "star-sign-in" not in visitor.http.cookies
    out = await visitor.http.post("/console/sign-out", headers={"Sec-Fetch-Site": "same-origin"})
    assert out.headers["location"].startswith(f"{doors.provider.issuer}/session/end?")
    assert "id_token_hint=" in out.headers["location"]
    asked = await visitor.http.get(out.headers["location"])
    assert "Do you want to sign-out" in asked.text
    assert (await visitor.look("/console/0999/today")).heading == "Sign in"


async def test_an_account_of_several_schools_chooses_one(doors: Doors) -> None:
    _, page = await doors.enter("both")
    assert "Your schools" in page.text
    assert "No school of yours has sent anything yet." in page.text


async def test_every_failure_has_its_sentence(doors: Doors) -> None:
    for account, sentence in {
        "no-school": "Your account belongs to no school here",
        "stranger": "answered in a way that can&#39;t be trusted",
    }.items():
        _, page = await doors.enter(account)
        assert sentence in page.text, account
    _, page = await doors.enter("dean", cancels=True)
    assert "You cancelled the sign-in" in page.text


async def test_an_answer_to_another_sign_in_is_refused(doors: Doors) -> None:
    visitor = await doors.screens.visitor()
    page = await visitor.look("/console/sign-in/callback", code="stolen", state="stolen")
    assert "took longer than ten minutes" in page.text
    await visitor.http.get("/console/sign-in/start")
    page = await visitor.look("/console/sign-in/callback", code="stolen", state="stolen")
    assert "begun in another browser" in page.text


async def test_a_code_is_good_once(doors: Doors) -> None:
    visitor = await doors.screens.visitor()
    seen: list[httpx.Request] = []

    async def note(request: httpx.Request) -> None:
        if "/sign-in/callback" in str(request.url):
            seen.append(request)

    visitor.http.event_hooks = {"request": [note]}
    await walk(visitor.http, "/console/sign-in/start", "dean")
    (first,) = seen
    again = await visitor.http.get(str(first.url), headers={"Cookie": first.headers["cookie"]}, follow_redirects=True)
    assert "a sign-in can&#39;t be used twice" in again.text


async def test_no_address_of_another_site_is_led_on_to(doors: Doors) -> None:
    _, page = await doors.enter("both", to="https://evil.example/")
    assert page.url.path == "/console/"
    _, page = await doors.enter("both", to="//evil.example/")
    assert page.url.path == "/console/"


async def test_keys_of_the_issuer_rotate(doors: Doors) -> None:
    await doors.enter("dean")
    doors.provider.stop()
    doors.provider.start()
    for _ in range(40):
        _, page = await doors.enter("dean")
        if page.url.path == "/console/0999/today":
            return
        # New keys are asked for every ten seconds at most, whatever tokens name.
        await asyncio.sleep(1)
    raise AssertionError(page.text)


async def test_the_consoles_secret_is_changed_and_sessions_go_on(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    # Renewed half a minute before its end: every page after three seconds asks the provider for a token.
    async with ground_of(database_url, tmp_path, port, lasts=33) as (provider, apis):
        async with screens_with(SECRET, provider, apis, database_url, port) as screens:
            before, _ = await Doors(screens, provider).enter("dean")
            provider.secrets = (SECRET, NEW_SECRET)
            provider.write()
            await Doors(screens, provider).enter("both")
        async with (
            screens_with(NEW_SECRET, provider, apis, database_url, port) as screens,
            httpx.AsyncClient(base_url=screens.url, timeout=30) as http,
        ):
            provider.secrets = (NEW_SECRET,)
            provider.write()
            http.cookies = before.http.cookies
            await asyncio.sleep(4)
            page = await Visitor(http).look("/console/0999/today")
            assert (page.status, "Dean, year 10" in page.text) == (404, True)
            _, entered = await Doors(screens, provider).enter("dean")
            assert entered.url.path == "/console/0999/today"
        async with screens_with(SECRET, provider, apis, database_url, port) as screens:
            _, refused = await Doors(screens, provider).enter("dean")
            assert refused.url.path != "/console/0999/today"


async def test_while_the_issuer_is_away_the_page_says_so(doors: Doors) -> None:
    doors.provider.stop()
    _, page = await doors.enter("dean")
    assert "does not answer now" in page.text


async def test_clocks_that_differ_are_named(database_url: str, tmp_path: Path) -> None:
    async with doors_of(database_url, tmp_path, skew=300) as doors:
        _, page = await doors.enter("dean")
        assert "The clocks of your school&#39;s sign-in and of this console differ" in page.text


async def test_tokens_are_renewed_and_a_change_of_rights_ends_the_session(database_url: str, tmp_path: Path) -> None:
    # Renewed half a minute before its end: a token of 33 seconds after three.
    async with doors_of(database_url, tmp_path, lasts=33) as doors:
        visitor, page = await doors.enter("dean")
        assert "Dean, year 10" in page.text
        await asyncio.sleep(4)
        pages = await asyncio.gather(*(visitor.look("/console/0999/today") for _ in range(5)))
        assert {page.status for page in pages} == {404}
        doors.provider.accounts["dean"] = {**DEAN, "groups": ["year:9"]}
        doors.provider.write()
        await asyncio.sleep(4)
        page = await visitor.look("/console/0999/today")
        assert "What you may see here was changed" in page.text
