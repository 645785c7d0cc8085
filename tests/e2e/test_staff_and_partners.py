"""Staff's decisions and partners' events, through all services: holds, corrected responses, the plan, transfers, webhooks."""

from datetime import datetime

from tests.e2e.receiver import receiving
from tests.e2e.school import AUCKLAND, School, eventually, fresh_number, whole_plan


def test_a_partner_hears_of_crossings_by_webhook_as_in_the_feed(school: School) -> None:
    school.enrol(["100"])
    with receiving() as receiver:
        wanted = ["nz.star.threshold.crossed.v1", "nz.star.threshold.retracted.v1"]
        body = {"url": receiver.url, "schools": [school.number], "events": wanted}
        made = school.request("POST", "notifier", "/v1/subscriptions", json=body)
        assert made.status_code == 201, made.text
        secret = made.json()["secret"]

        school.absent("100", 10)
        eventually(lambda: len(receiver.requests), 1)
        school.post([school.mark("100", 0, "P", minute=1)])
        eventually(lambda: len(receiver.requests), 2)

        heard = receiver.verified(secret)
        assert sorted(heard, key=lambda event: event["time"]) == school.events()
        assert {headers["webhook-id"] for headers, _ in receiver.requests} == {event["id"] for event in heard}
        path = f"/v1/subscriptions/{made.json()['id']}"
        # The answer is counted a moment after it was given.
        eventually(lambda: len(school.get("notifier", f"{path}/attempts")["items"]), 2)
        assert school.request("DELETE", "notifier", path).status_code == 204


def test_a_held_letter_stays_and_goes_once_it_is_released(school: School) -> None:
    school.enrol(["100", "200"])
    hold = f"/v1/schools/{school.number}/students/100/hold"
    eventually(lambda: school.request("PUT", "thresholds", hold, json={"reason": "A known medical condition"}).status_code, 200)
    # The feed is for partners: that letters are held can tell of an illness.
    assert school.events() == []

    school.absent("100", 10)
    school.absent("200", 10)
    eventually(lambda: len(school.letters("200")), 1)
    eventually(lambda: [record["absent_days"] for record in school.records(student="100")], [5.0])
    listed = f"/v1/schools/{school.number}/deliveries"
    eventually(lambda: {item["status"] for item in school.get("notifier", listed, student="100")["items"]}, {"on-hold"})
    assert school.letters("100") == []

    assert school.request("DELETE", "thresholds", hold).is_success
    eventually(lambda: len(school.letters("100")), 1)


def test_a_corrected_response_reaches_the_ministry(school: School) -> None:
    school.enrol(["100"])
    school.absent("100", 10)
    eventually(lambda: len(school.records()), 1)
    record = school.records()[0]["id"]
    day = str(school.half_days[-1][0])
    for activity in ("conversation-with-whanau", "written-communication"):
        body = {"activity": activity, "occurred_on": day, "staff": "A Teacher"}
        answer = school.request("POST", "thresholds", f"/v1/star-records/{record}/responses", json=body)
        assert answer.status_code == 201, answer.text
    first, second = (response["id"] for response in answer.json()["responses"])

    uploads = f"/v1/schools/{school.number}/uploads"
    eventually(lambda: len(school.get("moe-sync", f"{uploads}/preview", week=school.week())["responses"]), 2)
    school.request("POST", "moe-sync", uploads, json={"week": school.week()}).raise_for_status()
    eventually(lambda: len(school.uploads()), 1)

    path = f"/v1/star-records/{record}/responses"
    assert school.request("PATCH", "thresholds", f"{path}/{first}", json={"activity": "meeting-with-whanau"}).is_success
    assert school.request("DELETE", "thresholds", f"{path}/{second}").is_success

    def going() -> list[tuple[str, str]]:
        preview = school.get("moe-sync", f"{uploads}/preview", week=school.week())
        return sorted((response["id"], response["change"]) for response in preview["responses"])

    eventually(going, sorted([(first, "amended"), (second, "withdrawn")]))
    school.request("POST", "moe-sync", uploads, json={"week": school.week()}).raise_for_status()
    eventually(lambda: len(school.uploads()), 2)
    sent = {response["id"]: response for response in school.uploads()[-1]["responses"]}
    assert sent[first]["activity"] == "meeting-with-whanau"
    assert sent[second]["change"] == "withdrawn"


def test_a_published_plan_is_on_its_page_and_decides_what_is_offered(school: School) -> None:
    school.enrol(["100"])
    today = datetime.now(AUCKLAND).date()
    path = f"/v1/schools/{school.number}/plan"
    plan = whole_plan(today)
    eventually(lambda: school.request("PUT", "thresholds", path, json=plan).status_code, 200)
    missing = [point["point"] for point in school.get("thresholds", f"{path}/checklist")["items"] if not point["met"]]
    assert missing == ["published"]
    assert school.stack.http.get(f"{school.stack.url('thresholds')}/plans/{school.number}").status_code == 404

    published = school.request("POST", "thresholds", f"{path}/publish")
    assert published.is_success, published.text
    page = school.stack.http.get(f"{school.stack.url('thresholds')}/plans/{school.number}")
    assert page.status_code == 200
    assert "We ring home, and listen." in page.text
    pdf = school.stack.http.get(f"{school.stack.url('thresholds')}/plans/{school.number}.pdf")
    assert pdf.content.startswith(b"%PDF")
    offered = school.get("thresholds", f"/v1/schools/{school.number}/activities", threshold=5)["items"]
    assert [activity["activity"] for activity in offered] == ["conversation-with-whanau"]


def test_a_term_goes_with_the_student_through_the_topic_of_marks(school: School) -> None:
    new = School(school.stack, fresh_number())
    school.enrol(["100"])
    new.enrol(["77"], count_carried_absences=True)
    school.absent("100", 11)
    eventually(lambda: school.total("100"), 11)
    document = school.request("GET", "thresholds", f"/v1/schools/{school.number}/students/100/transfer").raise_for_status().text

    path = f"/v1/schools/{new.number}/students/77/transfers"
    refused = new.request("POST", "thresholds", path, content=document)
    assert refused.status_code == 409, refused.text
    taken = new.request("POST", "thresholds", path, content=document, params={"another_name": True})
    assert taken.status_code == 201, taken.text
    eventually(lambda: new.total("77"), 11)
    eventually(new.crossings, [("77", 5, "up", 1)])


def test_a_dean_sees_the_year_that_is_theirs(school: School) -> None:
    school.enrol(["100"])
    school.absent("100", 10)
    eventually(lambda: len(school.records()), 1)
    arguments = ["--role", "respond", "--group"]
    path = f"{school.stack.url('thresholds')}/v1/schools/{school.number}"

    def seen(group: str) -> int:
        token = school.stack.token("star:read star:write", school.number, *arguments, group)
        answer = school.stack.http.get(f"{path}/star-records", headers={"Authorization": f"Bearer {token}"})
        return len(answer.raise_for_status().json()["items"])

    assert (seen("year:9"), seen("9A"), seen("year:10")) == (1, 1, 0)
    audit = school.get("thresholds", f"/v1/schools/{school.number}/audit", student="100")["items"]
    assert ("tests", "respond", "list-records") in [(line["subject"], line["role"], line["action"]) for line in audit]
