"""One school goes from an installation to another, and one machine becomes a cluster, as the how-tos say: nothing is lost or told twice."""

import json
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.chaos.checker import expected_totals
from tests.chaos.receiver import receiving
from tests.chaos.traffic import STUDENTS, flowing
from tests.e2e.school import CROSSED as CROSSING_TYPES
from tests.e2e.school import School, eventually
from tests.support.processes import run_star
from tests.support.stack import EmbeddedStack, cluster, embedded_stack, started

pytestmark = pytest.mark.timeout(2400)

CROSSED = [("100", 5, "up", 1)]


def policy(school: School) -> str:
    return f"/v1/schools/{school.number}/letter-policy"


def test_one_school_moves_to_another_installation(tmp_path: Path) -> None:
    trusted = tmp_path / "trusted-keys.json"
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    with embedded_stack(tmp_path / "old") as old:
        trusted.write_text(old.http.get(f"{old.url('thresholds')}/v1/transfer-keys").raise_for_status().text)
        with embedded_stack(tmp_path / "new", {"STAR_TRANSFER_TRUST": str(trusted)}) as new:
            before, after = School(old, "1000"), School(new, "1000")
            begin_at_the_old(before)
            after.enrol(["100", "200"])
            after.request("PUT", "notifier", policy(after), json={"thresholds": []}).raise_for_status()
            after.absent("100", 10)
            after.absent("200", 9)
            eventually(after.totals, before.totals())
            eventually(after.crossings, before.crossings())
            for student in ("100", "200"):
                document = before.request("GET", "thresholds", path_of(before, student, "transfer")).raise_for_status().text
                taken = after.request("POST", "thresholds", path_of(after, student, "transfers"), content=document)
                assert taken.status_code == 201, taken.text
            (brought,) = after.get("thresholds", path_of(after, "100", "transfers"))["items"]
            ((response,),) = [record["responses"] for record in brought["records"]]
            assert response["activity"] == "conversation-with-whanau"
            assert after.totals() == {"100": 10, "200": 9}
            eventually(lambda: states(after), [("past", "threshold-off")])
            after.request("PUT", "notifier", policy(after), json={"thresholds": [5, 10, 15]}).raise_for_status()
            after.absent("200", 1, first=9)
            eventually(lambda: len(after.letters("200")), 1)
            assert after.letters("100") == []


@pytest.mark.kafka
def test_one_machine_becomes_a_cluster_while_marks_are_posted(tmp_path: Path) -> None:
    for name in ("one", "many"):
        (tmp_path / name).mkdir()
    one, log = EmbeddedStack(tmp_path / "one"), tmp_path / "client.jsonl"
    quiet = one.elsewhere()
    with receiving() as receiver, cluster(tmp_path / "many") as many, ExitStack() as of_many:
        school = School(one, "1000")
        with started([one.heart]), ExitStack() as traffic:
            school.enrol(STUDENTS)
            partner = {"url": receiver.url, "schools": [school.number], "events": list(CROSSING_TYPES)}
            school.request("POST", "notifier", "/v1/subscriptions", json=partner).raise_for_status()
            traffic.enter_context(flowing(school, log))
            eventually(lambda: len(school.crossings()) > 0 and len(school.uploads()) > 0, True)
            # Whoever posts to the port that is known is refused from here on, and sends again.
            assert one.heart.stop() == 0
            with started([quiet.heart]):
                eventually(lambda: lag(quiet), 0, patience=300)
                before = School(quiet, school.number)
                letters, uploads = quiet.mail(), before.uploads()
                read = before.get("thresholds", "/v1/events", limit=1000)
            backup = run_star(["backup", "--data", str(quiet.data), str(tmp_path / "kept")], {})
            assert "The bus is another one" in run_star(["restore", backup], many.environment)
            many.migrate()
            of_many.enter_context(started(many.processes()))
            school.stack = many
            eventually(lambda: len(school.get("thresholds", "/v1/events", after=read["next"], limit=1000)["items"]) > 0, True)

        accepted, totals = expected_totals([log])
        assert accepted > 0
        eventually(school.totals, dict.fromkeys(STUDENTS, 0) | totals[school.number])
        # The cursor of before reads on where it stood, and each crossing is said once, to feed and partner.
        after = school.get("thresholds", "/v1/events", after=read["next"], limit=1000)["items"]
        ids = [event["id"] for event in [*read["items"], *after] if event["type"] in CROSSING_TYPES]
        assert [event["id"] for event in school.events() if event["type"] in CROSSING_TYPES] == ids
        eventually(lambda: receiver.taken, Counter(ids))
        assert set(Counter(ids).values()) == {1}
        due = "SELECT count(*) FROM notifier.work WHERE kind IN ('letter', 'delivery') AND state IN ('waiting', 'leased')"
        eventually(lambda: many.sql(due), "0")
        assert set(Counter(letter["message_id"] for letter in [*letters, *many.mail()]).values()) == {1}
        week = {"week": school.week()}
        school.request("POST", "moe-sync", f"/v1/schools/{school.number}/uploads", json=week).raise_for_status()
        eventually(lambda: len(school.uploads()) > 0, True)
        assert {upload["number"] for upload in school.uploads()}.isdisjoint(upload["number"] for upload in uploads)


def lag(stack: EmbeddedStack) -> int:
    """The messages that groups have still to read, as `star lag` has them."""
    found = json.loads(run_star(["lag", "--json", "--data", str(stack.data)], {}))
    return sum(group["records"] for group in found["groups"])


def begin_at_the_old(school: School) -> None:
    """A term with a record, a letter and a response."""
    school.enrol(["100", "200"])
    school.absent("100", 10)
    school.absent("200", 9)
    eventually(school.crossings, CROSSED)
    eventually(lambda: len(school.letters("100")), 1)
    (record,) = school.records()
    response = {"activity": "conversation-with-whanau", "occurred_on": str(school.half_days[-1][0]), "staff": "A Dean"}
    school.request("POST", "thresholds", f"/v1/star-records/{record['id']}/responses", json=response).raise_for_status()


def path_of(school: School, student: str, what: str) -> str:
    return f"/v1/schools/{school.number}/students/{student}/{what}"


def states(school: School) -> list[tuple[str, str]]:
    items = school.get("notifier", f"/v1/schools/{school.number}/deliveries", student="100")["items"]
    return [(item["status"], item["reason"]) for item in items]
