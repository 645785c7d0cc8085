"""One school goes from an installation to another, as `docs/how-to/move-a-school.md` says: nothing is lost, and no letter goes twice."""

from pathlib import Path

import pytest

from tests.e2e.school import School, eventually
from tests.support.stack import embedded_stack

pytestmark = pytest.mark.timeout(900)

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
