"""A school's policy over the API: versions, what is in force, and what is refused."""

from typing import Any

import pytest

from services.notifier.settings import NotifierSettings
from tests.integration.notifier.conftest import Desk, Visitor
from tests.support.crossings import SCHOOL, up

PATH = f"/v1/schools/{SCHOOL}/letter-policy"
ANY_HOUR = {"days": "any", "opens": "00:00", "until": "23:59"}
DEFAULTS: dict[str, Any] = {
    "hold": None,
    "window": None,
    "recipients": "all",
    "staff_copy": None,
    "digest": None,
    "thresholds": [5, 10, 15],
    "daily_cap": None,
    "after_term": "PT0S",
    "correct": "offer",
    "together": False,
    "replies": None,
    "good_news": None,
    "statement": None,
    "paper": None,
}
CHOSEN: dict[str, Any] = {
    "hold": "PT4H",
    "window": {"days": "school-days", "opens": "08:00", "until": "17:00"},
    "recipients": "first",
    "staff_copy": "dean@kura.example",
    "digest": {"to": "dean@kura.example", "at": "07:30", "when_empty": True},
    "thresholds": [10, 15],
    "daily_cap": 30,
    "after_term": "P3D",
    "correct": "send",
    "together": True,
    "replies": {"valid_days": 21, "hold_days": 3},
    "good_news": {"back_on_track": 15, "full_term": True},
    "statement": {"every": "term", "compare": True},
    "paper": {"unreached": False, "steps": [10, 15]},
}


async def got(visitor: Visitor, path: str = PATH) -> Any:
    answer = await visitor.http.get(path, headers=visitor.headers("star:read"))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_defaults_before_a_school_has_said_anything(visitor: Visitor) -> None:
    assert await got(visitor) == DEFAULTS | {
        "school": SCHOOL,
        "version": 0,
        "changed_at": None,
        "changed_by": None,
        "in_force": {"hold": "PT1H", "window": ANY_HOUR, "daily_cap": 200},
    }
    assert await got(visitor, f"{PATH}/versions") == {"items": [], "next": None}


async def test_every_choice_comes_back_as_it_was_set(visitor: Visitor) -> None:
    expected = CHOSEN | {
        "school": SCHOOL,
        "version": 1,
        "changed_at": "2026-11-20T02:00:00Z",
        "changed_by": "test",
        "in_force": {"hold": "PT4H", "window": CHOSEN["window"], "daily_cap": 30},
    }
    assert await visitor.policy(**CHOSEN) == expected
    assert await got(visitor) == expected


async def test_versions_newest_first(visitor: Visitor) -> None:
    await visitor.policy(**CHOSEN)
    # Said again, it is no change.
    assert (await visitor.policy(**CHOSEN))["version"] == 1
    assert (await visitor.policy())["version"] == 2
    assert (await visitor.policy(daily_cap=0))["version"] == 3

    first = await got(visitor, f"{PATH}/versions?limit=2")
    assert [(item["version"], item["daily_cap"]) for item in first["items"]] == [(3, 0), (2, None)]
    second = await got(visitor, f"{PATH}/versions?limit=2&cursor={first['next']}")
    assert [(item["version"], item["hold"]) for item in second["items"]] == [(1, "PT4H")]
    assert second["next"] is None


async def test_the_service_says_what_is_in_force(desk: Desk, visitor: Visitor, settings: NotifierSettings) -> None:
    await desk.school()
    await desk.roster([desk.joined(student=str(number)) for number in range(450)])

    assert (await got(visitor))["in_force"] == {"hold": "PT1H", "window": ANY_HOUR, "daily_cap": 225}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"holds": "PT1H"}, id="a typo"),
        pytest.param({"hold": 3600}, id="a number is no duration"),
        pytest.param({"hold": "an hour"}, id="no duration"),
        pytest.param({"hold": "-PT1H"}, id="before the crossing"),
        pytest.param({"hold": "P15D"}, id="for too long"),
        pytest.param({"window": {}}, id="a window of everything"),
        pytest.param({"window": {"days": "weekdays"}}, id="days that there are not"),
        pytest.param({"window": {"opens": "08:00"}}, id="one hour only"),
        pytest.param({"window": {"opens": "17:00", "until": "08:00"}}, id="over night"),
        pytest.param({"window": {"opens": "8:00", "until": "17:00"}}, id="no time of day"),
        pytest.param({"window": {"opens": "08:00", "until": "24:00"}}, id="no such time of day"),
        pytest.param({"window": {"opens": "08:00+13:00", "until": "17:00"}}, id="a time is the school's own"),
        pytest.param({"recipients": "none"}, id="nobody"),
        pytest.param({"staff_copy": "nobody"}, id="no address"),
        pytest.param({"digest": {"to": "dean@kura.example"}}, id="a digest without a time"),
        pytest.param({"digest": {"to": "nobody", "at": "07:30"}}, id="a digest to nobody"),
        pytest.param({"thresholds": [5, 7]}, id="a threshold that there is not"),
        pytest.param({"thresholds": [5, 5]}, id="a threshold twice"),
        pytest.param({"daily_cap": -1}, id="fewer than none"),
        pytest.param({"after_term": "P61D"}, id="long after the term"),
        pytest.param([], id="no object"),
    ],
)
async def test_what_is_refused(visitor: Visitor, body: Any) -> None:
    answer = await visitor.http.put(PATH, json=body, headers=visitor.headers("star:write"))

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await got(visitor))["version"] == 0


async def test_who_may_look_and_who_may_set(visitor: Visitor) -> None:
    async def status(method: str, *scopes: str, **token: Any) -> int:
        return (await visitor.http.request(method, PATH, json={}, headers=visitor.headers(*scopes, **token))).status_code

    assert await status("PUT", "star:write", role="manage") == 403
    assert await status("PUT", "star:read", role="admin") == 403
    assert await status("PUT", "star:write", schools=("0189",)) == 403
    assert await status("PUT", "star:write", role="admin") == 200
    assert await status("GET", "star:read", role="view") == 200
    assert await status("GET", "star:read", schools=("0189",)) == 403
    assert await status("GET", "marks:write") == 403
    assert (await visitor.http.get(PATH)).status_code == 401
    assert (await visitor.http.get(f"{PATH}/versions?cursor=zzz", headers=visitor.headers("star:read"))).status_code == 422
    elsewhere = visitor.headers("star:read", schools=("0189",))
    assert (await visitor.http.get(f"/v1/schools/{SCHOOL}/notices", headers=elsewhere)).status_code == 403


async def test_a_policy_foretells_what_it_would_do_to_letters_that_wait(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await desk.roster([desk.joined(student=str(number)) for number in range(4)])
    await desk.say(*(up(5, 11, to="yellow", student=str(number)) for number in range(3)), up(10, 21, to="orange", student="3"))

    async def effect(**policy: Any) -> dict[str, int]:
        answer = await visitor.http.post(f"{PATH}/preview", json=policy, headers=visitor.headers("star:read"))
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["effect"])

    nothing = {"waiting": 4, "sooner": 0, "later": 0, "never": 0, "kept_back": 0}
    assert await effect() == nothing
    # The waiting time of letters that wait has begun: another one is for later letters.
    assert await effect(hold="P2D") == nothing
    assert await effect(thresholds=[10]) == nothing | {"never": 3}
    assert await effect(daily_cap=1) == nothing | {"kept_back": 3}
    # It is 15:00 on a Friday at the school, and the letters are due at 16:00.
    assert await effect(window={"days": "school-days", "opens": "08:00", "until": "09:00"}) == nothing | {"later": 4}
    await visitor.policy(window={"days": "school-days", "opens": "08:00", "until": "09:00"}, thresholds=[10])
    assert await effect() == nothing | {"sooner": 4}
    assert (await got(visitor))["version"] == 1
    assert (await visitor.http.post(f"{PATH}/preview", json={}, headers=visitor.headers("star:read", groups=["10A"]))).status_code == 403
