"""The broker, the database, SMTP or the Ministry away for a while: nothing accepted is lost, nothing is said twice."""

import time

import httpx

from tests.e2e.school import School, eventually


def test_the_bus_stopped_and_started(school: School) -> None:
    school.enrol(["100"])
    school.absent("100", 9)
    eventually(lambda: school.total("100"), 9)

    school.stack.stop_bus()
    marks = [school.mark("100", 9, "M")]
    refused = 0
    started = False
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            answer = school.post(marks)
        except httpx.HTTPError:
            refused += 1
            continue
        if answer.status_code == 202:
            break
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        refused += 1
        if not started:
            school.stack.start_bus()
            started = True
    else:
        raise AssertionError("the bus did not come back")
    eventually(school.crossings, [("100", 5, "up", 1)])
    eventually(lambda: len(school.letters("100")), 1)


def test_the_database_killed_and_started(school: School) -> None:
    school.enrol(["100"])
    school.absent("100", 9)
    eventually(lambda: school.total("100"), 9)
    school.stack.kill_database()
    last = [school.mark("100", 9, "M")]
    # The door's own path of a mark needs no database on Kafka; in one process the bus is away with it, and says so.
    assert school.post(last).status_code in (202, 503)
    school.stack.start_database()
    deadline = time.monotonic() + 60
    while school.post(last).status_code != 202:
        assert time.monotonic() < deadline, "the door did not come back"
        time.sleep(0.2)
    eventually(school.crossings, [("100", 5, "up", 1)])
    eventually(lambda: len(school.letters("100")), 1)


def test_the_ministry_down_and_up_again(school: School) -> None:
    school.enrol(["100"])
    school.absent("100", 10)
    path = f"/v1/schools/{school.number}/uploads"
    eventually(lambda: len(school.get("moe-sync", f"{path}/preview", week=school.week())["records"]), 1)
    school.stack.faults({"status": 503, "times": 2, "retry_after": 1})
    school.request("POST", "moe-sync", path, json={"week": school.week()}).raise_for_status()
    eventually(lambda: [upload["number"] for upload in school.uploads()], [1])
    eventually(lambda: school.get("moe-sync", path)["items"][0]["status"], "accepted")


def test_smtp_refusing_for_a_while(school: School) -> None:
    school.enrol(["100"])
    address = f"caregiver-{school.number}-100@example.test"
    faults = f"{school.stack.sandbox}/mail/faults"
    school.stack.http.post(faults, json={"code": 451, "times": 1, "recipient": address}).raise_for_status()
    school.absent("100", 10)
    deliveries = f"/v1/schools/{school.number}/deliveries"
    eventually(lambda: len(school.get("notifier", deliveries)["items"][0]["attempts"]) >= 1, True)
    eventually(lambda: len(school.letters("100")), 1, patience=120)
    eventually(lambda: [item["status"] for item in school.get("notifier", deliveries)["items"]], ["sent"])
