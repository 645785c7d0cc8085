"""A part that is away costs its part of the page, and no more."""

import asyncio

import httpx
import jwt
import pytest

from services.console.sessions import repository
from services.console.sessions.sealing import Secret
from shared.auth.keys import revoke_token
from shared.auth.tokens import CACHED_FOR
from shared.db.engine import create_engine
from tests.integration.apis.world import World
from tests.integration.console.screens import Screens, screens_before
from tests.integration.console.test_pages import more
from tests.support.ports import free_port

__all__ = ["more"]


@pytest.mark.parametrize("away", ["notifier", "thresholds", "moe_sync", "ingest"])
async def test_pages_show_what_came(world: World, database_url: str, away: str, more: World) -> None:
    nobody = {f"console_{away}_url": f"http://127.0.0.1:{free_port()}"}
    async with screens_before(world.apis, database_url, **nobody) as screens:
        person = await screens.person("principal")
        for path in (
            "today",
            "students",
            "records",
            "plan",
            "analysis",
            "analysis/trend?format=csv",
            "students/20001",
            "students/20001?tab=letters",
        ):
            answer = await person.http.get(f"/console/0999/{path}")
            assert answer.status_code == 200, (away, path)
            if away == "thresholds":
                assert "reached now" in answer.text, path
        if away == "notifier":
            assert "Letters can't be reached now" in (await person.look("/console/0999/students/20001", tab="letters")).html
            assert "Āwhina" in (await person.look("/console/0999/today")).text


async def test_a_response_that_can_not_be_sent_is_not_lost_in_silence(world: World, database_url: str, more: World) -> None:
    async with screens_before(world.apis, database_url, console_thresholds_url=f"http://127.0.0.1:{free_port()}") as screens:
        person = await screens.person("office")
        body = {"record": "6f1b8a54-3a52-5e0e-9d3e-0a35b9a3d1a0", "activity": "written-communication", "occurred_on": "2026-11-19"}
        page = await person.send("/console/0999/respond", {**body, "staff": "Ms Example"})
        assert page.heading == "Nothing was recorded"
        assert "The service does not answer now." in page.text


async def test_a_person_whose_token_is_revoked_signs_in_again(world: World, database_url: str) -> None:
    async with screens_before(world.apis, database_url) as screens:
        person = await screens.person("principal")
        token = (await _tokens(screens, database_url, person.http.cookies["star-console"]))["jti"]
        revoke_token(screens.apis.data, token)
        await asyncio.sleep(CACHED_FOR)
        page = await person.look("/console/0999/today")
        assert "Your session ended. Sign in again" in page.text
        assert "star-console" not in person.http.cookies


async def _tokens(screens: Screens, database_url: str, cookie: str) -> dict[str, str]:
    """The claims of the token that a session holds."""
    secret = Secret.read(cookie)
    assert secret is not None
    engine = create_engine(database_url, "console", pool_size=1)
    async with engine.connect() as connection:
        row = await repository.get(connection, secret.row)
    await engine.dispose()
    assert row is not None
    contents = secret.open(row["sealed"])
    assert contents is not None
    claims: dict[str, str] = jwt.decode(contents.access_token, options={"verify_signature": False})
    return claims


async def test_nothing_is_asked_of_another_host(screens: Screens) -> None:
    person = await screens.person("principal")
    page = await person.look("/console/0999/today")
    addresses = [part.split('"')[0] for part in page.html.replace("href=", "src=").split('src="')[1:]]
    assert [address for address in addresses if httpx.URL(address).host] == []
