"""Gone means gone: one student seeded into everything that the product keeps, erased, and looked for everywhere."""

import asyncio
import json
from datetime import timedelta
from typing import Any, Final

import pytest

from shared.bus.embedded.bus import EmbeddedBus
from shared.events.topics import STUDENTS, TOPICS
from shared.identifiers import student_id
from tests.e2e.school import School, eventually, eventually_holds, fresh_number
from tests.support.everywhere import in_files, in_tables, kafka_messages
from tests.support.processes import run_star
from tests.support.stack import ClusterStack, EmbeddedStack

STUDENT: Final = "E-4711"
GIVEN, FAMILY = "Whetumarama", "Kahikateariki"
CAREGIVER: Final = "Pounamunui"
ADDRESS: Final = "kahikateariki.home@unreachable-mail.example"
SECOND_ADDRESS: Final = "dead.end@gone-away.example"
PHONE: Final = "+64215550147"
HOME: Final = "Kererupounamu Street"
NUMBER: Final = "0987612345"
STATUS: Final = "Stepkaitiakiwords"
NOTE: Final = "Uriquenote"
SECRETS: Final = (GIVEN, FAMILY, CAREGIVER, ADDRESS, SECOND_ADDRESS, PHONE, HOME, NUMBER, STATUS, NOTE)
"""Texts that nobody else has."""

SIBLING: Final = "E-4712"


def person(student: str, given_name: str, family_name: str, address: str, **more: Any) -> dict[str, Any]:
    caregiver = {"name": f"{given_name[:1]} {more.pop('caregiver', 'Somebody')}", "email": address, "phone": more.pop("phone", None)}
    caregivers = [caregiver, *more.pop("others", [])]
    return {"student": student, "given_name": given_name, "family_name": family_name, "year_level": 9, "caregivers": caregivers, **more}


def everywhere(school: School) -> None:
    """Puts the student into everything, and a sibling beside, who stays."""
    school.enrol([SIBLING])
    erased = person(
        STUDENT,
        GIVEN,
        FAMILY,
        ADDRESS,
        nsn=NUMBER,
        phone=PHONE,
        caregiver=CAREGIVER,
        others=[
            {"name": f"Second {CAREGIVER}", "email": SECOND_ADDRESS, "postal_address": f"47 {HOME}\nŌtaki 5512"},
            {"name": f"Third {CAREGIVER}", "email": "third@example.test", "status": STATUS},
        ],
    )
    answer = school.request("PUT", "ingest", f"/v1/schools/{school.number}/students", json={"students": [erased]})
    assert answer.json()["accepted"] == 1, answer.text
    _decide(school)
    school.stack.http.delete(f"{school.stack.sandbox}/mail/faults").raise_for_status()
    fault = {"code": 556, "recipient": SECOND_ADDRESS}
    school.stack.http.post(f"{school.stack.sandbox}/mail/faults", json=fault).raise_for_status()
    settings = f"/v1/schools/{school.number}/upload-settings"
    eventually(lambda: school.request("PATCH", "moe-sync", settings, json={"nsn": True}).is_success, True)
    for student in (STUDENT, SIBLING):
        school.absent(student, 11)
    eventually(lambda: len(school.records(student=STUDENT)), 1)
    _casework(school)
    _letters(school)
    _upload(school)
    _kamar(school)
    _dead_letters(school)


def _decide(school: School) -> None:
    path = f"/v1/schools/{school.number}/caregiver-statuses"
    eventually(lambda: STATUS in school.request("GET", "notifier", path).text, True)
    shown = school.get("notifier", path)["items"]
    assert any(item["text"] == STATUS for item in shown), shown
    body = {"text": STATUS, "decision": "never"}
    answer = school.request("PUT", "notifier", path, json=body)
    assert answer.is_success, answer.text


def _casework(school: School) -> None:
    record = school.records(student=STUDENT)[0]["id"]
    today = str(school.half_days[-1][0])
    given = {"activity": "conversation-with-whanau", "occurred_on": today, "staff": "Ms Example", "note": f"{NOTE} {GIVEN}"}
    answer = school.request("POST", "thresholds", f"/v1/star-records/{record}/responses", json=given)
    assert answer.status_code == 201, answer.text
    response = answer.json()["responses"][0]["id"]
    path = f"/v1/star-records/{record}/responses/{response}"
    assert school.request("PATCH", "thresholds", path, json={"note": f"{NOTE} again {FAMILY}"}).is_success
    student = f"/v1/schools/{school.number}/students/{STUDENT}"
    assert school.request("POST", "thresholds", f"{student}/star-records", json={"reason": f"{NOTE} asked"}).status_code == 201
    assert school.request("PUT", "thresholds", f"{student}/hold", json={"reason": f"{NOTE} is ill"}).is_success
    contact = {
        "at": f"{today}T08:00:00+13:00",
        "how": "phone",
        "with": CAREGIVER,
        "outcome": "reached",
        "note": NOTE,
        "staff": "Ms Example",
    }
    meeting = {"at": f"{today}T08:00:00+13:00", "people": [{"name": CAREGIVER, "email": ADDRESS}], "agenda": NOTE, "status": "held"}
    plan = {"barriers": [f"{NOTE} bus"], "actions": [{"text": f"{GIVEN} walks", "who": "student", "owner": GIVEN}], "status": "agreed"}
    for kind, body in (("contacts", contact), ("meetings", meeting), ("support-plans", plan)):
        made = school.request("POST", "thresholds", f"{student}/{kind}", json=body)
        assert made.status_code == 201, made.text
    moved = school.request("PATCH", "thresholds", f"/v1/support-plans/{made.json()['id']}", json={"barriers": [f"{NOTE} {FAMILY}"]})
    assert moved.is_success, moved.text
    old = School(school.stack, fresh_number())
    old.enrol(["1"])
    old.request(
        "PUT",
        "ingest",
        f"/v1/schools/{old.number}/students",
        json={"students": [person("77", GIVEN, FAMILY, "somebody@example.test")]},
    ).raise_for_status()
    old.absent("77", 10)
    eventually(lambda: old.attendance("77")["name"], f"{GIVEN} {FAMILY}")
    eventually(lambda: len(old.records(student="77")), 1)
    document = old.request("GET", "thresholds", f"/v1/schools/{old.number}/students/77/transfer").raise_for_status().text
    taken = school.request("POST", "thresholds", f"{student}/transfers", content=document, params={"another_name": True})
    assert taken.status_code == 201, taken.text
    # The old school's own student of that name goes the same way, so that the name can be looked for everywhere.
    _by_api(old, "77")


def _by_api(school: School, student: str) -> None:
    path = f"/v1/schools/{school.number}/students/{student}/erasure"
    answer = school.request("POST", "ingest", path, json={"why": "the family asked"})
    assert answer.status_code == 202, answer.text
    for service in ("ingest", "thresholds", "notifier", "moe-sync"):
        eventually(lambda service=service: school.request("GET", service, path).json().get("applied_at") is not None, True)


def _letters(school: School) -> None:
    deliveries = f"/v1/schools/{school.number}/deliveries"

    def settled() -> list[str]:
        return sorted(item["status"] for item in school.get("notifier", deliveries, student=STUDENT)["items"])

    eventually(settled, ["failed", "sent"])
    sent = next(item["id"] for item in school.get("notifier", deliveries, student=STUDENT)["items"] if item["status"] == "sent")
    again = school.request("POST", "notifier", f"/v1/deliveries/{sent}/resend", json={"reason": f"{NOTE} lost it"})
    assert again.is_success, again.text
    eventually(settled, ["failed", "sent", "sent"])
    eventually(lambda: len(school.letters(SIBLING)), 1)
    told = f"SELECT count(*) FROM thresholds.casework WHERE kind = 'letter' AND school = '{school.number}' AND student = '{STUDENT}'"
    eventually(lambda: school.stack.sql(told), "2")


def _upload(school: School) -> None:
    uploads = f"/v1/schools/{school.number}/uploads"

    eventually(lambda: school.stack.sql(f"SELECT nsn FROM moe_sync.nsns WHERE school = '{school.number}'"), NUMBER)
    eventually(lambda: len(school.get("moe-sync", f"{uploads}/preview", week=school.week())["records"]), 3)
    school.request("POST", "moe-sync", uploads, json={"week": school.week()}).raise_for_status()
    eventually(lambda: len(school.uploads()), 1)


def _kamar(school: School) -> None:
    credentials = school.request("POST", "ingest", f"/v1/schools/{school.number}/kamar-credentials").raise_for_status().json()
    who = {"id": STUDENT, "firstname": GIVEN, "lastname": FAMILY, "nsn": NUMBER}
    row = {"id": STUDENT, "type": "A", "ref": "1", "reason": f"{NOTE} at lunch"}
    whole = {"sync": "part", "students": {"count": 1, "data": [who]}, "pastoral": {"count": 1, "data": [row]}}
    for document, broken in ((whole, False), (whole | {"sync": "part"}, True)):
        head = {"datetime": 20260305153000, "sms": "KAMAR", "version": 2198, "schools": [{"index": 1, "moeCode": school.number}]}
        text = json.dumps({"SMSDirectoryData": head | document})
        answer = school.stack.http.post(
            f"{school.stack.url('ingest')}/v1/kamar",
            content=text[: -len("]}}}")] if broken else text,
            headers={"Content-Type": "application/json"},
            auth=(credentials["username"], credentials["password"]),
        )
        assert answer.status_code == 200, answer.text

    def states() -> list[str]:
        return sorted(item["state"] for item in school.get("ingest", f"/v1/schools/{school.number}/kamar-documents")["items"])

    eventually(states, ["done", "failed"])


def _dead_letters(school: School) -> None:
    """As if the event of a student had not fitted, in each service that reads them."""
    value = json.dumps({"school": school.number, "student": STUDENT, "given_name": GIVEN, "caregivers": [{"email": ADDRESS}]})
    for place, (schema, key) in enumerate((schema, key) for schema in ("thresholds", "notifier", "moe_sync") for key in (True, False)):
        id_ = student_id(school.number, STUDENT) if key else "something else"
        school.stack.sql(
            f"""
            INSERT INTO {schema}.dead_letters
                (id, topic, partition, "offset", key, value, headers, school, reason, detail, count, created_at)
            VALUES (gen_random_uuid(), 'star.students.v1', 0, {place}, convert_to('{id_}', 'UTF8'), convert_to('{value}', 'UTF8'), '[]',
                '{school.number}', 'bad-data', 'tried', 1, now())
            """
        )


def erase(school: School) -> dict[str, Any]:
    stack = school.stack
    environment = stack.environment if isinstance(stack, ClusterStack) else {}
    arguments = ["erase", "--school", school.number, "--student", STUDENT, "--why", "the family asked", "--json", "--data", str(stack.data)]
    answer: dict[str, Any] = json.loads(run_star(arguments, environment))
    return answer


def seen(school: School, secrets: tuple[str, ...] = SECRETS) -> list[str]:
    """The places that hold one of the texts."""
    stack = school.stack
    places = asyncio.run(in_tables(stack.database_url, secrets))
    places += in_files(stack.data, secrets, skip=[stack.data / "postgres"])
    places += [f"log {path.name}: {text}" for path in stack.folder.glob("*.log") for text in secrets if text in path.read_text()]
    return places


async def compacted(database_url: str) -> None:
    """Does as the embedded bus does each hour."""
    bus = EmbeddedBus(database_url, partitions=8, publish_timeout=timedelta(seconds=10))
    await bus.retention().run_once()
    await bus.close()


@pytest.mark.timeout(600)
def test_a_student_who_is_erased_is_nowhere_any_more(school: School) -> None:
    everywhere(school)
    stack = school.stack
    before = {place.split(":")[0] for place in seen(school)}
    seeded = {
        "ingest.students.document",
        "ingest.kamar_students.fields",
        "ingest.kamar_pastoral.document",
        "ingest.kamar_chunks.data",
        "thresholds.students.given_name",
        "thresholds.responses.note",
        "thresholds.star_records.reason",
        "thresholds.record_history.changes",
        "thresholds.holds.reason",
        "thresholds.transfers.document",
        "thresholds.dead_letters.value",
        "notifier.contacts.caregivers",
        "notifier.caregiver_decisions.key",
        "notifier.deliveries.recipient",
        "notifier.deliveries.body_text",
        "notifier.deliveries.asked_because",
        "thresholds.casework.document",
        "thresholds.casework_versions.document",
        "notifier.bad_addresses.address",
        "notifier.dead_letters.value",
        "moe_sync.nsns.nsn",
        "moe_sync.dead_letters.value",
    }
    assert seeded <= before, seeded - before

    told = erase(school)
    assert [service["applied"] for service in told["services"]] == [True] * 4
    removed = {service["service"]: service["removed"] for service in told["services"]}
    assert removed["ingest"] == {"students": 1, "kamar-students": 1, "kamar-pastoral": 1, "kamar-documents": 1}
    assert removed["thresholds"] == {
        "names": 1,
        "notes": 1,
        "contact-texts": 1,
        "meeting-texts": 1,
        "support-plan-texts": 1,
        "letter-texts": 2,
        "record-reasons": 1,
        "hold-reasons": 1,
        "history-texts": 3,
        "transfer-documents": 1,
        "dead-letters": 2,
    }
    assert {kind: removed["notifier"][kind] for kind in ("letters", "bad-addresses", "caregiver-decisions", "dead-letters")} == {
        "letters": 3,
        "bad-addresses": 1,
        "caregiver-decisions": 1,
        "dead-letters": 2,
    }
    assert removed["moe-sync"] == {"national-student-numbers": 1, "dead-letters": 2}
    kept = {service["service"]: service["kept"] for service in told["services"]}
    assert kept["thresholds"] == {
        "register-rows": 1,
        "star-records": 2,
        "responses": 2,
        "holds": 1,
        "contacts": 1,
        "meetings": 1,
        "support-plans": 1,
        "letters": 2,
        "transfers": 1,
    }
    assert kept["notifier"] == {"letters": 1}

    if isinstance(stack, EmbeddedStack):
        asyncio.run(compacted(stack.database_url))
    eventually(lambda: seen(school), [])
    _topics_are_clean(school)
    _the_rest_stays(school)


def _topics_are_clean(school: School) -> None:
    """On Kafka, compaction has its own time: there, the last word on the student is a tombstone, and no other topic has a name."""
    if not isinstance(school.stack, ClusterStack):
        return
    kept = asyncio.run(kafka_messages(school.stack.broker.bootstrap, [topic.name for topic in TOPICS]))
    who = str(student_id(school.number, STUDENT)).encode()
    assert [value for key, value in kept.pop(STUDENTS.name) if key == who][-1] is None
    assert [
        (topic, text) for topic, messages in kept.items() for _, value in messages for text in SECRETS if text.encode() in (value or b"")
    ] == []


def _the_rest_stays(school: School) -> None:
    """The register, the records and the sibling with everything of theirs."""
    view = school.attendance(STUDENT)
    assert (view["name"], view["absent_half_days"]) == (None, 11)
    assert sorted(record["origin"] for record in school.records(student=STUDENT)) == ["crossing", "manual"]
    assert len(school.letters(SIBLING)) == 1
    assert school.attendance(SIBLING)["name"] == f"Made{SIBLING} Up"
    lines = school.get("ingest", f"/v1/schools/{school.number}/audit", student=STUDENT)["items"]
    assert "erase-student" in {line["action"] for line in lines}
    eventually_holds(lambda: _sent_again(school))


def _sent_again(school: School) -> None:
    """A student whom the school sends again is a new one, and stays."""
    again = {"students": [person(STUDENT, "Another", "Name", "another@example.test")]}
    school.request("PUT", "ingest", f"/v1/schools/{school.number}/students", json=again).raise_for_status()
    eventually(lambda: school.attendance(STUDENT)["name"], "Another Name")
