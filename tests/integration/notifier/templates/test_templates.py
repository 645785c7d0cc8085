"""A school writes letters in its own words, and they go out in them."""

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import text

from shared.events.data import AbsentDay, Caregiver
from shared.events.envelope import Event
from tests.integration.notifier.conftest import HOLD, Desk, Visitor
from tests.support.crossings import SCHOOL, down, up

PATH = f"/v1/schools/{SCHOOL}/templates"
SUBJECT = "{{ child }} was away"
BODY = "Kia ora {{ greeting }},\n\n{{ child }} was away for **{{ days }}**.\n\n{% for line in absence_lines %}\n- {{ line }}\n{% endfor %}"


async def put(visitor: Visitor, threshold: int = 5, **body: Any) -> dict[str, Any]:
    answer = await visitor.http.put(
        f"{PATH}/{threshold}", json={"subject": SUBJECT, "body": BODY} | body, headers=visitor.headers("star:write")
    )
    assert answer.status_code == 200, answer.text
    template: dict[str, Any] = answer.json()
    return template


async def get(visitor: Visitor, path: str, **query: Any) -> dict[str, Any]:
    answer = await visitor.http.get(path, params=query, headers=visitor.headers("star:read"))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def with_days(event: Event, *days: tuple[str, int], illness: int = 0) -> Event:
    """The event of a service that tells of the days."""
    absent_on = [AbsentDay(date.fromisoformat(day), half_days) for day, half_days in days]
    return replace(event, data=msgspec.structs.replace(event.data, absent_on=absent_on, illness_half_days=illness))


async def used(desk: Desk) -> list[tuple[str, str | None, int | None]]:
    """(recipient, language, version) of every delivery."""
    return [
        tuple(row) for row in await desk.rows("SELECT recipient, template_language, template_version FROM deliveries ORDER BY recipient")
    ]


async def test_the_house_writes_until_the_school_does(desk: Desk, visitor: Visitor) -> None:
    before = await get(visitor, f"{PATH}/5")
    assert before["subject"] == "Attendance in {{ term }}"
    assert before["body"].startswith("Kia ora {{ greeting }},\n\n{{ child }} has now been away")
    assert {name: before[name] for name in ("school", "threshold", "language", "origin", "version", "saved_by", "saved_at")} == {
        "school": SCHOOL,
        "threshold": 5,
        "language": "en",
        "origin": "house",
        "version": None,
        "saved_by": None,
        "saved_at": None,
    }

    own = {
        "school": SCHOOL,
        "threshold": 5,
        "language": "en",
        "subject": SUBJECT,
        "body": BODY,
        "origin": "school",
        "version": 1,
        "saved_by": "test",
        "saved_at": "2026-11-20T02:00:00Z",
    }
    assert await put(visitor) == own
    assert await get(visitor, f"{PATH}/5") == own
    assert (await get(visitor, f"{PATH}/10"))["origin"] == "house"


async def test_letters_go_out_in_the_schools_words(known: Desk, visitor: Visitor) -> None:
    await put(visitor)
    days = ("2026-11-16", 2), ("2026-11-17", 2), ("2026-11-18", 2), ("2026-11-19", 2), ("2026-11-12", 1), ("2026-10-13", 2)
    await known.say(with_days(up(5, 11, to="yellow"), *days))
    known.passes(HOLD)
    await known.work()

    mail = sorted(known.mail(), key=lambda mail: mail["to"])
    assert [message["subject"] for message in mail] == ["Tāne was away", "Tāne was away"]
    assert (
        (mail[0]["text"] or "")
        .replace("\r\n", "\n")
        .startswith(
            "Kia ora Mere Ngata,\n\nTāne was away for 5.5 days.\n\n- Tue 13 Oct (1 day)\n- Thu 12 Nov (half a day)\n"
            "- Mon 16 to Thu 19 Nov (4 days)\n\n--------\n"
        )
    )
    assert "<strong>5.5 days</strong>" in (mail[0]["html"] or "")
    assert await used(known) == [("mere@example.test", "en", 1), ("wiremu@example.test", "en", 1)]
    assert {(item["template_language"], item["template_version"]) for item in (await visitor.deliveries())["items"]} == {("en", 1)}


async def test_each_caregiver_reads_their_language_as_far_as_there_are_words(desk: Desk, visitor: Visitor) -> None:
    await put(visitor, body="English for {{ greeting }}")
    await put(visitor, body="中文 {{ greeting }}", language="zh")
    await put(visitor, body="Gagana {{ greeting }}, {{ days }}", language="SM")
    await desk.school()
    caregivers = [
        Caregiver(name=name, email=f"{name}@example.test", language=language)
        for name, language in (("a", "en"), ("b", "zh-Hant"), ("c", "sm"), ("d", "mi"), ("e", "en-NZ"))
    ]
    await desk.roster([desk.joined(*caregivers)])
    await desk.say(up(5, 11, to="yellow"))
    desk.passes(HOLD)
    await desk.work()

    first_lines = {message["to"][0][0]: (message["text"] or "").splitlines()[0] for message in desk.mail()}
    assert first_lines == {"a": "English for A", "b": "中文 B", "c": "Gagana C, 5.5", "d": "English for D", "e": "English for E"}
    assert [language for _, language, _ in await used(desk)] == ["en", "zh", "sm", "en", "en"]
    (samoan,) = [message for message in desk.mail() if message["to"] == ["c@example.test"]]
    assert '<html lang="sm" dir="ltr">' in (samoan["html"] or "")


async def test_the_houses_letter_names_days_and_illness_as_the_newest_event_has_them(known: Desk) -> None:
    days = [(f"2026-11-{day:02}", 2) for day in (2, 3, 4, 5, 6)]
    await known.say(with_days(up(5, 10, to="yellow"), *days, illness=0))
    await known.say(with_days(up(10, 20, to="orange"), *days, *[(f"2026-11-{day:02}", 2) for day in (9, 10, 11, 12, 13)], illness=12))
    await known.say(
        with_days(down(10, 19, to="yellow"), *days, *[(f"2026-11-{day:02}", 2) for day in (9, 10, 11, 12)], ("2026-11-13", 1), illness=11)
    )
    known.passes(HOLD)
    await known.work()

    text = " ".join((known.mail()[0]["text"] or "").split())
    assert "for 9.5 days" in text
    assert "- Mon 2 to Fri 6 Nov (5 days) - Mon 9 to Thu 12 Nov (4 days) - Fri 13 Nov (half a day)" in text
    assert "Our roll says that most of this was illness." in text
    assert await used(known) == [("mere@example.test", "en", None), ("wiremu@example.test", "en", None)]


async def test_an_event_from_before_days_were_told_names_none(known: Desk) -> None:
    await known.say(with_days(up(5, 10, to="yellow"), ("2026-11-19", 2)))
    await known.say(up(10, 20, to="orange"))
    known.passes(HOLD)
    await known.work()

    text = known.mail()[0]["text"] or ""
    assert "THE DAYS AWAY" not in text
    assert "most of this was illness" not in " ".join(text.split())


async def test_every_save_is_a_version_and_each_can_come_back(desk: Desk, visitor: Visitor) -> None:
    assert (await put(visitor, body="one"))["version"] == 1
    assert (await put(visitor, body="two"))["version"] == 2
    assert (await put(visitor, body="two"))["version"] == 2
    restored = await visitor.http.post(f"{PATH}/5/restore", json={"version": 1}, headers=visitor.headers("star:write"))
    assert (restored.status_code, restored.json()["version"], restored.json()["body"]) == (200, 3, "one")
    for _ in range(2):
        deleted = await visitor.http.delete(f"{PATH}/5", headers=visitor.headers("star:write"))
        assert deleted.status_code == 204
    assert (await get(visitor, f"{PATH}/5"))["origin"] == "house"

    versions = (await get(visitor, f"{PATH}/5/versions"))["items"]
    assert [(version["version"], version["body"], version["restored"], version["saved_by"]) for version in versions] == [
        (4, None, None, "test"),
        (3, "one", 1, "test"),
        (2, "two", None, "test"),
        (1, "one", None, "test"),
    ]
    first = await get(visitor, f"{PATH}/5/versions", limit=3)
    assert [version["version"] for version in first["items"]] == [4, 3, 2]
    rest = await get(visitor, f"{PATH}/5/versions", limit=3, cursor=first["next"])
    assert ([version["version"] for version in rest["items"]], rest["next"]) == ([1], None)

    for version, status, kind in ((9, 404, "unknown-version"), (4, 422, "no-words")):
        answer = await visitor.http.post(f"{PATH}/5/restore", json={"version": version}, headers=visitor.headers("star:write"))
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:nz-star:problem:{kind}")
    assert (await put(visitor, body="two"))["version"] == 5


async def test_versions_saved_at_the_same_time_follow_each_other(desk: Desk, visitor: Visitor) -> None:
    saved = await asyncio.gather(*(put(visitor, body=f"number {number}") for number in range(8)))

    assert sorted(template["version"] for template in saved) == list(range(1, 9))


async def test_the_list_of_all(desk: Desk, visitor: Visitor) -> None:
    await put(visitor, 10, language="mi")
    await put(visitor, 15)

    items = (await get(visitor, PATH))["items"]

    assert [(item["threshold"], item["language"], item["origin"], item["version"]) for item in items] == [
        (5, "en", "house", None),
        (10, "mi", "school", 1),
        (10, "en", "house", None),
        (15, "en", "school", 1),
    ]
    more = (await get(visitor, PATH, occasions=True))["items"][len(items) :]
    assert more
    assert {(item["origin"], isinstance(item["threshold"], str)) for item in more} == {("house", True)}
    variables = {item["name"]: item for item in (await get(visitor, "/v1/letter-variables"))["items"]}
    assert variables["contact_email"]["optional"] is True
    assert variables["absence_lines"]["kind"] == "list"


async def test_what_is_refused_keeps_what_there_was_and_says_where(desk: Desk, visitor: Visitor) -> None:
    await put(visitor)
    for body, place in (
        ("Kia ora\n{{ chlid }}", {"at": "body", "line": 2, "column": 4, "near": "{{ chlid }}", "why": "there is no variable chlid"}),
        (
            "{{ contact_email }}",
            {
                "at": "body",
                "line": 1,
                "column": 4,
                "near": "{{ contact_email }}",
                "why": "contact_email can be empty: put what needs it between {% if contact_email %} and {% endif %}",
            },
        ),
        (
            "{% for i in range(10**9) %}x{% endfor %}",
            {
                "at": "body",
                "line": 1,
                "column": None,
                "near": "{% for i in range(10**9) %}x{% endfor %}",
                "why": "a loop runs over absence_lines only",
            },
        ),
    ):
        answer = await visitor.http.put(f"{PATH}/5", json={"subject": "x", "body": body}, headers=visitor.headers("star:write"))
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:nz-star:problem:bad-template"
        assert answer.json()["errors"] == [place]
    for bad in (
        {"subject": "x", "body": "y", "langauge": "mi"},
        {"subject": "x", "body": "y", "language": "english please"},
        {"subject": "", "body": "y"},
        {"subject": "a\nb", "body": "y"},
        {"subject": "x", "body": "y" * 10_001},
        {"subject": "x", "body": "a\x00b"},
        {"subject": "x"},
    ):
        answer = await visitor.http.put(f"{PATH}/5", json=bad, headers=visitor.headers("star:write"))
        assert answer.status_code == 422, bad
    assert (await visitor.http.get(f"{PATH}/7", headers=visitor.headers("star:read"))).status_code == 422
    assert (await get(visitor, f"{PATH}/5"))["version"] == 1


async def test_who_may_write(visitor: Visitor) -> None:
    body = {"subject": SUBJECT, "body": BODY}
    http = visitor.http

    assert (await http.put(f"{PATH}/5", json=body)).status_code == 401
    assert (await http.put(f"{PATH}/5", json=body, headers=visitor.headers("star:read"))).status_code == 403
    assert (await http.put(f"{PATH}/5", json=body, headers=visitor.headers("star:write", schools=("0189",)))).status_code == 403
    assert (await http.put(f"{PATH}/5", json=body, headers=visitor.headers("star:write", role="manage"))).status_code == 403
    assert (await http.delete(f"{PATH}/5", headers=visitor.headers("star:write", role="manage"))).status_code == 403
    assert (
        await http.post(f"{PATH}/5/restore", json={"version": 1}, headers=visitor.headers("star:write", role="manage"))
    ).status_code == 403
    assert (await http.put(f"{PATH}/5", json=body, headers=visitor.headers("star:write", groups=("10A",)))).status_code == 403
    # No student is in it, so whoever looks after a part of the school may read it.
    assert (await http.get(f"{PATH}/5", headers=visitor.headers("star:read", role="view", groups=("10A",)))).status_code == 200
    assert (await http.put(f"{PATH}/5", json=body, headers=visitor.headers("star:write", role="admin"))).status_code == 200


async def test_words_that_are_out_of_date_do_not_keep_a_letter_back(known: Desk) -> None:
    async with known.engine.begin() as connection:
        await connection.execute(
            text(
                """
                INSERT INTO templates (school, threshold, language, version, subject, body, saved_by, saved_at)
                VALUES ('0999', 5, 'en', 1, 'x', '{{ no_longer }}', 'test', now())
                """
            )
        )
    await known.say(up(5, 11, to="yellow"))
    known.passes(HOLD)
    await known.work()

    assert {message["subject"] for message in known.mail()} == {"Attendance in Term 4"}
    assert await used(known) == [("mere@example.test", "en", None), ("wiremu@example.test", "en", None)]


async def test_languages_of_caregivers_are_slots_for_words_that_a_speaker_has_read(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    speak = [Caregiver(name=f"C {tag}", email=f"{tag}@example.nz", language=tag) for tag in ("en", "sm", "zh-Hant")]
    await desk.roster([desk.joined(*speak), desk.joined(speak[1], student="2")])

    async def slots() -> list[tuple[str, int, list[int], list[int]]]:
        items = (await get(visitor, f"/v1/schools/{SCHOOL}/letter-languages"))["items"]
        return [(item["language"], item["caregivers"], item["thresholds"], item["needs_speaker"]) for item in items]

    assert await slots() == [("sm", 2, [], []), ("en", 1, [], []), ("zh-Hant", 1, [], [])]
    await put(visitor)
    await put(visitor, language="sm")
    await put(visitor, 10, language="zh", checked_by="Li Example")
    assert await slots() == [("sm", 2, [5], [5]), ("en", 1, [5], []), ("zh-Hant", 1, [10], [])]
    # The same words, now that somebody has read them.
    assert (await put(visitor, language="sm", checked_by="Sina Example"))["version"] == 2
    assert (await put(visitor, language="sm"))["version"] == 2
    assert (await slots())[0] == ("sm", 2, [5], [])
    # Other words need another look.
    await put(visitor, language="sm", body=BODY + "\n\nFa'afetai")
    assert (await slots())[0] == ("sm", 2, [5], [5])
