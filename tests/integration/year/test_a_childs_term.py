"""One child's term, from the first unexplained day to day 15 and back, as each side sees it. Everything is by hand.

The school is closed on Labour Day, 26 October. Tama is away from Monday 19 October to Monday 9 November, 15 school days in a row, and comes
back on the 10th; on the 12th his class teacher finds that he was there on the first day.
"""

from pathlib import Path
from typing import Any

from tests.integration.thresholds.plans.board import whole
from tests.integration.year.country import Country, country
from tests.support.tokens import bearer, local_token

SCHOOL = "0999"
STUDENT = f"/v1/schools/{SCHOOL}/students/1"
TERM = [("2026-T4", "2026-10-12", "2026-12-18")]
FIVE = ["2026-10-19", "2026-10-20", "2026-10-21", "2026-10-22", "2026-10-23"]
TEN = ["2026-10-27", "2026-10-28", "2026-10-29", "2026-10-30", "2026-11-02"]
FIFTEEN = ["2026-11-03", "2026-11-04", "2026-11-05", "2026-11-06", "2026-11-09"]


class Side:
    """A person of the school, with the rights of their role."""

    def __init__(self, here: Country, folder: Path, **rights: Any) -> None:
        self._here = here
        scopes = rights.pop("scopes", ["star:read", "star:write"])
        self._headers = bearer(local_token(folder, scopes, [SCHOOL], **rights))

    async def do(self, method: str, path: str, *, service: str = "thresholds", **arguments: Any) -> Any:
        """A request that goes well; its answer."""
        answer = await self._here.http.request(method, f"{self._here.urls[service]}{path}", headers=self._headers, **arguments)
        assert answer.is_success, (path, answer.text)
        return answer.json() if "json" in answer.headers["content-type"] else answer.content

    async def status(self, path: str, service: str = "thresholds") -> int:
        """The status of a look."""
        return (await self._here.http.get(f"{self._here.urls[service]}{path}", headers=self._headers)).status_code

    async def records(self) -> list[tuple[int, str]]:
        """The child's records: threshold and status."""
        items = (await self.do("GET", f"/v1/schools/{SCHOOL}/star-records", params={"student": "1"}))["items"]
        return sorted((record["threshold"], record["status"]) for record in items)

    async def stands(self) -> tuple[float, str]:
        """The child's days and tier."""
        view = await self.do("GET", f"{STUDENT}/attendance")
        return view["absent_days"], view["tier"]

    async def points(self) -> dict[str, bool]:
        """The points of the evidence, and whether each is met."""
        items = (await self.do("GET", f"{STUDENT}/evidence"))["items"]
        return {item["item"]: item["met"] for item in items}

    async def record_at(self, threshold: int) -> dict[str, Any]:
        """The child's record of a threshold."""
        items = (await self.do("GET", f"/v1/schools/{SCHOOL}/star-records", params={"student": "1", "threshold": threshold}))["items"]
        (record,) = items
        return dict(record)


class Sides:
    """The office, the dean of year 10, the dean of year 9, and the principal."""

    def __init__(self, here: Country, folder: Path) -> None:
        self.office = Side(here, folder, role="respond", subject="office@example.test")
        self.dean = Side(here, folder, role="manage", subject="dean@example.test", groups=["year:10"])
        self.other_dean = Side(here, folder, role="manage", subject="nine@example.test", groups=["year:9"])
        self.principal = Side(here, folder, role="admin", subject="principal@example.test")


async def test_a_childs_term(database_url: str, tmp_path: Path) -> None:
    async with country(database_url, tmp_path, "2026-10-12T07:00") as here:
        sides = Sides(here, tmp_path)
        await the_term_begins(here, sides)
        await the_first_unexplained_day(here, sides)
        await five_days(here, sides)
        plan = await ten_days(here, sides)
        await fifteen_days(here, sides, plan)
        await back_at_school(here, sides, plan)
        await what_each_side_has_seen(here, sides)


async def the_term_begins(here: Country, sides: Sides) -> None:
    """The school, with letters at any hour, its children, and the plan that its board publishes for families."""
    await here.school(SCHOOL, TERM)
    await here.students(SCHOOL, {"1": 10, "2": 10, "3": 9})
    policy = {"window": {"days": "any", "opens": "00:00", "until": "23:59"}}
    await here.ok("notifier", "PUT", f"/v1/schools/{SCHOOL}/letter-policy", json=policy)
    await sides.principal.do("PUT", f"/v1/schools/{SCHOOL}/plan", json=whole(approved_on="2026-10-01", review_on="2029-09-30"))
    await sides.principal.do("POST", f"/v1/schools/{SCHOOL}/plan/publish", json={})
    await here.at_rest()
    await here.turn_to("2026-10-16T16:00")
    await here.mark(SCHOOL, "1", ["2026-10-12", "2026-10-13", "2026-10-14", "2026-10-15", "2026-10-16"], "P")


async def the_first_unexplained_day(here: Country, sides: Sides) -> None:
    """Nobody knows why he is away. The office rings, and reaches nobody: that is evidence, and no response."""
    await here.turn_to("2026-10-19T16:00")
    await here.mark(SCHOOL, "1", FIVE[:1], "?")
    assert await sides.office.stands() == (1.0, "green")
    call = {"at": "2026-10-20T09:00:00+13:00", "how": "phone", "with": "Kim Example", "outcome": "no-answer", "staff": "Ms Office"}
    await here.turn_to("2026-10-20T10:00")
    await sides.office.do("POST", f"{STUDENT}/contacts", json=call)
    assert await sides.dean.records() == []
    assert await here.letters() == []


async def five_days(here: Country, sides: Sides) -> None:
    """The fifth day: a record, a letter an hour later, and the talk that answers it. The week's upload closes at six."""
    await here.turn_to("2026-10-23T15:00")
    await here.mark(SCHOOL, "1", FIVE[1:], "T")
    assert await sides.dean.stands() == (5.0, "yellow")
    assert await sides.dean.records() == [(5, "open")]
    assert (await sides.dean.points())["contact-home"] is False
    assert await here.letters() == []
    await here.turn_to("2026-10-23T16:00")
    assert await here.letters() == [("2026-10-23 16:00", SCHOOL, "2026-T4", 5, "1")]
    talk = {"at": "2026-10-23T16:10:00+13:00", "how": "phone", "with": "Kim Example", "outcome": "reached", "staff": "Ms Dean"}
    await here.turn_to("2026-10-23T16:30")
    await sides.dean.do("POST", f"{STUDENT}/contacts", json=talk)
    record = await sides.dean.record_at(5)
    answer = {"activity": "conversation-with-whanau", "occurred_on": "2026-10-23", "staff": "Ms Dean"}
    await sides.dean.do("POST", f"/v1/star-records/{record['id']}/responses", json=answer)
    await here.at_rest()
    assert (await sides.dean.points())["contact-home"] is True
    await here.turn_to("2026-10-23T18:05")


async def ten_days(here: Country, sides: Sides) -> str:
    """The tenth: a meeting is planned and held, and a plan made with the family. Answers the plan's id."""
    await here.turn_to("2026-11-02T15:00")
    await here.mark(SCHOOL, "1", TEN, "T")
    await here.turn_to("2026-11-02T16:00")
    assert await sides.dean.stands() == (10.0, "orange")
    meeting = {
        "at": "2026-11-04T15:30:00+13:00",
        "place": "Room 4",
        "people": [{"name": "Kim Example", "role": "Parent"}],
        "staff": "Ms Dean",
    }
    planned = await sides.dean.do("POST", f"{STUDENT}/meetings", json=meeting)
    assert (await sides.dean.points())["meeting-held"] is False
    await here.turn_to("2026-11-04T17:00")
    held = {"status": "held", "outcome": "A bus pass, and mornings with Mr Coach"}
    await sides.dean.do("PATCH", f"/v1/meetings/{planned['id']}", json=held)
    at_ten = await sides.dean.record_at(10)
    assert [response["activity"] for response in at_ten["responses"]] == ["meeting-with-whanau"]
    plan = {
        "barriers": ["No bus on Mondays"],
        "goals": [{"text": "Here each morning", "baseline": "away", "target": "four of five"}],
        "actions": [{"text": "Bus pass", "who": "school", "by": "2026-11-06"}],
        "status": "agreed",
        "agreed_by": [{"name": "Kim Example", "role": "Parent"}],
        "agreed_on": "2026-11-04",
    }
    made = await sides.dean.do("POST", f"{STUDENT}/support-plans", json=plan)
    assert (await sides.dean.points())["plan-agreed"] is True
    await here.turn_to("2026-11-06T18:05")
    return str(made["id"])


async def fifteen_days(here: Country, sides: Sides, plan: str) -> None:
    """The fifteenth: the plan is made intensive, an agency takes part, and a written notice goes home."""
    await here.turn_to("2026-11-09T15:00")
    await here.mark(SCHOOL, "1", FIFTEEN, "T")
    await here.turn_to("2026-11-09T16:00")
    assert await sides.principal.stands() == (15.0, "red")
    assert await sides.principal.records() == [(5, "open"), (10, "open"), (15, "open")]
    assert {name for name, met in (await sides.principal.points()).items() if not met} == {
        "intensive-plan",
        "agencies",
        "attendance-record",
        "primary-contact",
    }
    actions = [{"text": "Bus pass", "who": "school", "by": "2026-11-06", "done_on": "2026-11-05"}, {"text": "Visits", "who": "agency"}]
    await sides.dean.do("PATCH", f"/v1/support-plans/{plan}", json={"level": "intensive", "actions": actions})
    record = await sides.dean.record_at(15)
    notice = {"activity": "attendance-service-referral", "occurred_on": "2026-11-09", "staff": "Ms Dean"}
    await sides.dean.do("POST", f"/v1/star-records/{record['id']}/responses", json=notice)
    await sides.dean.do("PATCH", f"/v1/star-records/{record['id']}", json={"assigned_to": "Ms Dean"})
    await here.at_rest()


async def back_at_school(here: Country, sides: Sides, plan: str) -> None:
    """He comes back, the plan is reviewed; the first day is put right, and the fifteenth day is one no more."""
    await here.turn_to("2026-11-12T15:00")
    await here.mark(SCHOOL, "1", ["2026-11-10", "2026-11-11", "2026-11-12"], "P")
    review = {"on": "2026-11-12", "staff": "Ms Dean", "took_part": True, "note": "Three mornings of three"}
    await sides.dean.do("POST", f"/v1/support-plans/{plan}/reviews", json=review)
    await here.mark(SCHOOL, "1", FIVE[:1], "P")
    assert await sides.dean.stands() == (14.0, "orange")
    assert await sides.dean.records() == [(5, "open"), (10, "open"), (15, "withdrawn")]
    for threshold in (5, 10):
        record = await sides.dean.record_at(threshold)
        await sides.dean.do("PATCH", f"/v1/star-records/{record['id']}", json={"status": "closed", "outcome": "attendance-improved"})
    await here.at_rest()
    await here.turn_to("2026-11-13T18:05")


async def what_each_side_has_seen(here: Country, sides: Sides) -> None:
    """The family its letters and nothing else; the deans their own; the principal all; the Ministry keys, and no name."""
    assert await here.letters() == [
        ("2026-10-23 16:00", SCHOOL, "2026-T4", 5, "1"),
        ("2026-11-02 16:00", SCHOOL, "2026-T4", 10, "1"),
        ("2026-11-09 16:00", SCHOOL, "2026-T4", 15, "1"),
    ]
    mails = [mail for mail in here.catcher.box.messages() if mail["to"] == ["home-0999-1@example.nz"]]
    assert [threshold in mail["text"] for threshold, mail in zip(("5 days", "10 days", "15 days"), mails, strict=True)] == [True] * 3
    assert not any("bus pass" in mail["text"].lower() or "Ms Dean" in mail["text"] for mail in mails)
    page = (await here.http.get(f"{here.urls['thresholds']}/plans/{SCHOOL}")).text
    assert "15 days away or more" in page and "Tama" not in page

    assert await sides.other_dean.status(f"{STUDENT}/attendance") == 403
    assert [item["student"] for item in (await sides.other_dean.do("GET", f"/v1/schools/{SCHOOL}/students"))["items"]] == ["3"]
    assert [item["student"] for item in (await sides.dean.do("GET", f"/v1/schools/{SCHOOL}/students"))["items"]] == ["1", "2"]
    assert await sides.office.status(f"{STUDENT}/evidence.pdf") == 403
    pdf = await sides.principal.do("GET", f"{STUDENT}/evidence.pdf")
    assert pdf.startswith(b"%PDF")
    assert {name for name, met in (await sides.principal.points()).items() if not met} == {"attendance-record"}
    lines = (await sides.principal.do("GET", f"/v1/schools/{SCHOOL}/audit", params={"student": "1", "limit": 500}))["items"]
    seen = {line["subject"] for line in lines if line["action"] == "read-evidence"}
    assert seen == {"dean@example.test", "principal@example.test"}

    assert await here.uploads(SCHOOL) == [
        ("2026-W42", []),
        ("2026-W43", [("2026-T4", "1", "open")]),
        ("2026-W44", []),
        ("2026-W45", [("2026-T4", "1", "open")]),
        ("2026-W46", [("2026-T4", "1", "closed"), ("2026-T4", "1", "closed"), ("2026-T4", "1", "withdrawn")]),
    ]
    answer = (await here.http.get(f"{here.ministry}/ministry/uploads")).text
    assert "Tama" not in answer and "Kim" not in answer
