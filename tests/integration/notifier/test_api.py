"""Letters as their school sees them."""

from datetime import timedelta

from tests.integration.notifier.conftest import HOLD, MERE, Desk, Visitor
from tests.support.crossings import SCHOOL, STUDENT, STUDENT_ID, down, up


async def test_a_letter_from_held_to_sent(known: Desk, visitor: Visitor) -> None:
    await known.say(up(5, 11, to="yellow"))
    (held,) = (await visitor.deliveries())["items"]
    assert held == {
        "id": held["letter_id"],
        "letter_id": held["letter_id"],
        "letter_state": "held",
        "occasion": None,
        "school": SCHOOL,
        "student": STUDENT,
        "name": "Tāne Ngata",
        "year_level": None,
        "groups": [],
        "student_id": str(STUDENT_ID),
        "term": "2026-T4",
        "threshold": 5,
        "status": "held",
        "channel": "email",
        "recipient": None,
        "due_at": "2026-11-20T03:00:00Z",
        "sent_at": None,
        "bounced_at": None,
        "subject": None,
        "message_id": None,
        "resend_of": None,
        "sent_with": None,
        "corrects": None,
        "can_be_corrected": False,
        "template_language": None,
        "template_version": None,
        "reason": None,
        "attempts": [],
    }

    known.passes(HOLD)
    await known.work()

    items = sorted((await visitor.deliveries())["items"], key=lambda item: item["recipient"])
    assert [item["recipient"] for item in items] == ["mere@example.test", "wiremu@example.test"]
    assert {item["letter_id"] for item in items} == {held["letter_id"]}
    first = items[0]
    assert first["status"] == "sent"
    assert first["sent_at"] == "2026-11-20T03:00:00Z"
    assert first["subject"] == "Attendance in Term 4"
    assert first["message_id"] == f"<{first['id']}@notifier.star.invalid>"
    assert first["message_id"] in {message["message_id"] for message in known.mail()}
    assert first["attempts"] == [
        {"attempt": 1, "started_at": "2026-11-20T03:00:00Z", "ended_at": "2026-11-20T03:00:00Z", "outcome": "done", "detail": None}
        | {"code": None}
    ]


async def test_by_status_and_student(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await desk.roster([desk.joined(MERE, student="1"), desk.joined(student="2"), desk.joined(MERE, student="3")])
    desk.catcher.refuse(550, times=1)
    for student in ("1", "2"):
        await desk.say(up(5, 10, to="yellow", student=student))
    desk.passes(HOLD)
    await desk.work()
    await desk.say(up(5, 10, to="yellow", student="3"), down(5, 9, to="green", student="3"))
    await desk.say(up(5, 10, to="yellow", student="4"))

    found = {}
    for status in ("held", "no-contact", "waiting", "sent", "failed", "cancelled"):
        found[status] = [(item["student"], item["reason"]) for item in (await visitor.deliveries(status=status))["items"]]
    assert found == {
        "held": [("4", None)],
        "no-contact": [("2", None)],
        "waiting": [],
        "sent": [],
        "failed": [("1", "RCPT 550")],
        "cancelled": [("3", "retracted")],
    }
    assert [item["status"] for item in (await visitor.deliveries(student="2"))["items"]] == ["no-contact"]
    assert (await visitor.deliveries(student="5"))["items"] == []


async def test_newest_first_page_by_page(desk: Desk, visitor: Visitor) -> None:
    for number in range(5):
        await desk.say(up(5, 10, to="yellow", student=str(number)))
        # Two of them at the same moment.
        desk.passes(timedelta(minutes=number % 2))

    pages, cursor = [], None
    while True:
        page = await visitor.deliveries(limit=2, **({"cursor": cursor} if cursor else {}))
        pages.append([item["student"] for item in page["items"]])
        cursor = page["next"]
        if cursor is None:
            break
    assert [len(page) for page in pages] == [2, 2, 1]
    order = [student for page in pages for student in page]
    assert order[0] == "4"
    assert sorted(order) == ["0", "1", "2", "3", "4"]


async def test_who_may_look(visitor: Visitor) -> None:
    path = "/v1/schools/0999/deliveries"
    http = visitor.http

    assert (await http.get(path)).status_code == 401
    assert (await http.get(path, headers=visitor.headers("marks:write"))).status_code == 403
    assert (await http.get(path, headers=visitor.headers("star:read", schools=("0189",)))).status_code == 403
    assert (await http.get(path, headers=visitor.headers("star:read", schools=("*",)))).status_code == 200
    assert (await http.get("/v1/schools/999/deliveries", headers=visitor.headers("star:read"))).json() == {"items": [], "next": None}


async def test_what_is_not_understood(visitor: Visitor) -> None:
    for query in ("status=lost", "limit=0", "limit=x", "cursor=zzz", "cursor=WyJ4IiwieSJd"):
        answer = await visitor.http.get(f"/v1/schools/0999/deliveries?{query}", headers=visitor.headers("star:read"))
        assert answer.status_code == 422, query
        assert answer.headers["content-type"] == "application/problem+json"


async def test_health_and_documents(visitor: Visitor) -> None:
    assert (await visitor.http.get("/healthz")).status_code == 200
    assert (await visitor.http.get("/readyz")).json() == {"status": "ready", "missing": []}
    paths = (await visitor.http.get("/openapi.json")).json()["paths"]
    assert {"/v1/schools/{school}/deliveries", "/v1/dead-letters", "/v1/dead-letters/{letter_id}/redrive"} <= set(paths)
