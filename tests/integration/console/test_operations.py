"""The operator's page: what it shows and does."""

from http import HTTPStatus
from typing import Any, get_args

import httpx
from sqlalchemy import text

from services.console.pages.operations.findings import Runbook
from services.thresholds.app import create_app
from services.thresholds.settings import ThresholdsSettings
from shared.db.engine import create_engine
from shared.parts.announcing import Announcer, announcing
from shared.telemetry.progress import Progress
from tests.integration.apis.world import World
from tests.integration.console.conftest import Screens
from tests.support.polling import eventually
from tests.support.servers import serving

OPERATIONS = "/console/operations"


async def test_the_page_and_its_json_agree(screens: Screens) -> None:
    operator = await screens.person("ops")

    async def parts() -> list[tuple[str, bool]]:
        answer = (await operator.http.get(f"{OPERATIONS}.json")).json()
        return sorted((part["service"], part["ready"]) for part in answer["parts"])

    services = ["console", "ingest", "moe-sync", "notifier", "thresholds"]
    await eventually(parts, [(service, True) for service in services])
    answer = (await operator.http.get(f"{OPERATIONS}.json")).json()
    assert {"state", "sentence", "parts", "flow", "lag", "outbox", "work", "dead_letters", "operations"} <= answer.keys()
    assert {(entry["service"], entry["letters"]) for entry in answer["dead_letters"]} == {
        ("ingest", 2),
        ("thresholds", 2),
        ("notifier", 2),
        ("moe-sync", 2),
    }
    listed = {(one["service"], one["method"], one["path"]) for one in answer["operations"]}
    assert ("thresholds", "GET", "/v1/schools/{school}/students") in listed
    assert ("moe-sync", "GET", "/healthz") in listed
    page = await operator.look(OPERATIONS)
    assert (page.status, page.heading) == (200, "Operations")
    assert "No worker of ingest is running" in page.text
    assert "/console/operations/documents/thresholds#/attendance/" in page.html


ACTIVITIES = "/v1/schools/{school}/activities"


async def test_the_figures_of_the_last_hour_are_those_of_the_requests_that_were_made(screens: Screens, world: World) -> None:
    operator = await screens.person("ops")

    async def figures() -> dict[str, Any]:
        answer = (await operator.http.get(f"{OPERATIONS}.json")).json()
        (one,) = (one for one in answer["operations"] if (one["service"], one["method"], one["path"]) == ("thresholds", "GET", ACTIVITIES))
        return dict(one)

    async def requests() -> int:
        return int((await figures())["requests"])

    assert (await figures())["p50"] is None
    url, headers = screens.apis.urls["thresholds"] + ACTIVITIES.format(school="0999"), screens.apis.token("star:read")
    # The door to another school is shut, and a table that is away is a fault of whoever runs the engine.
    answers = [await screens.apis.http.get(url, headers=headers) for _ in range(17)]
    answers += [await screens.apis.http.get(url.replace("0999", "0189"), headers=headers) for _ in range(2)]
    async with world.heart.engine.begin() as owner:
        await owner.execute(text("SET LOCAL ROLE NONE"))
        await owner.execute(text("ALTER TABLE activities RENAME TO elsewhere"))
    answers.append(await screens.apis.http.get(url, headers=headers))
    async with world.heart.engine.begin() as owner:
        await owner.execute(text("SET LOCAL ROLE NONE"))
        await owner.execute(text("ALTER TABLE elsewhere RENAME TO activities"))
    assert [answer.status_code for answer in answers] == [200] * 17 + [403] * 2 + [503]

    await eventually(requests, 20)
    one = await figures()
    assert (one["errors"], one["refused"]) == (0.05, 0.1)
    assert 0 < one["p50"] <= one["p99"]
    assert one["rate"] > 0
    page = await operator.look(OPERATIONS)
    assert f"GET {ACTIVITIES} 20 {one['rate']:.2f} 5.0 % 10.0 % {one['p50']} {one['p99']}" in page.text
    assert f"5 % of GET {ACTIVITIES} at thresholds failed in the last hour." in page.text


async def test_a_process_is_found_by_what_it_announces(screens: Screens, world: World) -> None:
    operator = await screens.person("ops")

    async def parts() -> list[tuple[str, str]]:
        answer = (await operator.http.get(f"{OPERATIONS}.json")).json()
        return sorted((part["kind"], part["host"]) for part in answer["parts"] if part["service"] == "thresholds" and part["live"])

    here = (await operator.http.get(f"{OPERATIONS}.json")).json()["parts"][0]["host"]
    await eventually(parts, [("api", here)])
    # The console was told one address of the service. A second API lies behind another one, and a worker behind none.
    settings = ThresholdsSettings(data=screens.apis.data, database_url=world.desk.settings.database_url, database_pool=2)
    engine = create_engine(settings.database_url, "thresholds", pool_size=1)
    async with serving(create_app(settings)) as second, announcing(Announcer(engine, "worker", Progress(), {})):
        await eventually(parts, [("api", here), ("api", here), ("worker", here)])
        async with httpx.AsyncClient(base_url=second, headers=screens.apis.token("star:read")) as http:
            assert (await http.get(ACTIVITIES.format(school="0999"))).status_code == HTTPStatus.OK

        async def counted() -> list[int]:
            answer = (await operator.http.get(f"{OPERATIONS}.json")).json()
            return [one["requests"] for one in answer["operations"] if (one["method"], one["path"]) == ("GET", ACTIVITIES)]

        await eventually(counted, [1])
    await eventually(parts, [("api", here)])
    await engine.dispose()


async def test_one_part_of_the_page_refreshes_itself(screens: Screens) -> None:
    operator = await screens.person("ops")
    fragment = await operator.http.get(OPERATIONS, headers={"HX-Request": "true"})
    assert "<h1" not in fragment.text
    assert "<h2>Parts</h2>" in fragment.text


async def test_a_document_is_tried_as_oneself(screens: Screens) -> None:
    operator = await screens.person("ops")
    page = await operator.http.get(f"{OPERATIONS}/documents/thresholds")
    assert "'unsafe-inline'" not in page.headers["content-security-policy"].split("style-src")[0]
    assert (await operator.http.get(page.text.split('<script src="')[-2].split('"')[0])).status_code == 200
    document = (await operator.http.get(f"{OPERATIONS}/documents/thresholds.json")).json()
    assert document["servers"][0]["url"] == "/console/operations/try/thresholds"
    backlog = await operator.http.get(f"{OPERATIONS}/try/thresholds/v1/backlog")
    assert (backlog.status_code, backlog.json()["service"]) == (200, "thresholds")
    # With one's own rights, and no others.
    assert (await operator.http.get(f"{OPERATIONS}/try/thresholds/v1/schools/0999/students")).status_code == 403
    assert (await operator.http.get(f"{OPERATIONS}/try/thresholds/docs")).status_code == 404
    assert (await operator.http.get(f"{OPERATIONS}/try/nobody/v1/backlog")).status_code == 422
    forged = await operator.http.request("DELETE", f"{OPERATIONS}/try/thresholds/v1/backlog", headers={"Sec-Fetch-Site": "cross-site"})
    assert forged.status_code == 403


async def test_dead_letters_are_redriven_and_given_up(screens: Screens, world: World) -> None:
    operator = await screens.person("ops")
    first, second = (world.ids[school]["letter_id"] for school in ("0999", "0189"))
    page = await operator.look(f"{OPERATIONS}/dead-letters", service="thresholds", reason="unreadable")
    assert "2 dead letters wait" in page.text
    one = await operator.look(f"{OPERATIONS}/dead-letters/thresholds/{first}")
    assert (one.status, one.heading, "State waits" in one.text) == (200, "A dead letter of thresholds", True)
    assert (await operator.look(f"{OPERATIONS}/dead-letters/thresholds/6f1b8a54-3a52-5e0e-9d3e-0a35b9a3d1a0")).status == 404
    done = await operator.send(f"{OPERATIONS}/dead-letters", {"service": "thresholds", "act": "redrive", "letter": [first]})
    assert "1 dead letter put on their topics again" in done.text
    without = await operator.send(f"{OPERATIONS}/dead-letters", {"service": "thresholds", "act": "discard", "letter": [second]})
    assert (without.status, "say in a few words why" in without.text) == (422, True)
    given_up = {"service": "thresholds", "act": "discard", "letter": [first, second], "why": "made up"}
    done = await operator.send(f"{OPERATIONS}/dead-letters", given_up)
    assert "1 dead letter set aside. 1 was settled before." in done.text
    assert "No dead letter waits." in done.text


async def test_a_finding_leads_to_its_runbook(screens: Screens) -> None:
    operator = await screens.person("ops")
    for name in get_args(Runbook):
        page = await operator.look(f"{OPERATIONS}/runbooks/{name}")
        assert (page.status, "not on this machine" in page.text) == (200, False), name
    clocks = await operator.look(f"{OPERATIONS}/runbooks/loop-restarts")
    assert clocks.heading == "A part fails again and again"
    assert "docs/runbooks/nowhere.md" in (await operator.look(f"{OPERATIONS}/runbooks/nowhere")).text
    assert (await (await screens.person("partner")).look(f"{OPERATIONS}/runbooks/clocks")).status == 403


async def test_a_kind_of_work_opens_its_items(screens: Screens, world: World) -> None:
    operator = await screens.person("ops")
    page = await operator.look(OPERATIONS)
    assert 'href="/console/operations/work?service=notifier&amp;kind=letter"' in page.html
    items = await operator.look(f"{OPERATIONS}/work", service="notifier", kind="letter")
    assert (items.status, items.heading) == (200, "Work of notifier: letter")
    assert "2 items, the longest due first." in items.text
    assert "waits 0 –" in items.text
    assert (
        "Nothing has failed in the last day."
        in (await operator.look(f"{OPERATIONS}/work", service="notifier", kind="letter", state="failed")).text
    )
    answer = await screens.apis.http.get(
        f"{screens.apis.urls['notifier']}/v1/work-items", params={"kind": "letter", "limit": 1}, headers=screens.apis.token("ops")
    )
    assert {item["kind"] for item in answer.json()["items"]} == {"letter"}
