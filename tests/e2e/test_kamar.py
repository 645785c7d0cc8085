"""A term of a secondary school through KAMAR's door and through the REST door: the same totals; and a calendar changed under load."""

import json
import random
import threading
from datetime import date
from typing import Any

import pytest

from tests.e2e.school import School, eventually, fresh_number
from tests.support.stack import Stack

STUDENTS = 1_500
A_TERM = 96
"""Half days: nine weeks and three days."""

SLOTS = [{"slot": number, "name": f"Period {number}", "minutes": 60} for number in range(1, 6)]
DAYS_A_DOCUMENT = 5
MARKS_A_REQUEST = 5_000


@pytest.fixture
def embedded(stack: Stack) -> Stack:
    if type(stack).__name__ != "EmbeddedStack":
        pytest.skip("the doors are the same in both set-ups; one process is the harder case")
    return stack


def a_term(days: list[date]) -> dict[str, dict[date, str]]:
    """For each student and day, a code a slot; some students miss hours, some days, some weeks."""
    chance = random.Random(5)
    term: dict[str, dict[date, str]] = {}
    for number in range(STUDENTS):
        likely = chance.choice([0.0, 0.02, 0.1, 0.4])
        term[str(20_000 + number)] = {
            day: "".join(chance.choice("MTE?J") if chance.random() < likely else chance.choice("PPPPL.") for _ in SLOTS) for day in days
        }
    return term


def half_days_absent(codes: str) -> int:
    """By the Ministry's minutes, by hand: 240 present are two half days, 120 are one."""
    present = 300 - 60 * sum(code in "MTE?J" for code in codes)
    return 2 - (2 if present >= 240 else 1 if present >= 120 else 0)


def half_day_absent(codes: str) -> int:
    """On a day that opened for a half day, by hand: periods 1 to 3 are its morning, and what lies outside does not count.

    A student of whom only periods 4 and 5 are marked came in the afternoon.
    """
    morning, afternoon = codes[:3], codes[3:]
    half = afternoon if set(morning) == {"."} and set(afternoon) != {"."} else morning
    present = 60 * sum(code not in "MTE?J" for code in half)
    return 0 if present >= 120 else 1


def enrol(school: School) -> None:
    school.enrol(["1"], slots=SLOTS, open_days=sorted({str(day) for day, _ in school.half_days}))


def push_to_kamar(school: School, term: dict[str, dict[date, str]], days: list[date]) -> None:
    path = f"/v1/schools/{school.number}/kamar-credentials"
    credentials = school.request("POST", "ingest", path).raise_for_status().json()
    for first in range(0, len(days), DAYS_A_DOCUMENT):
        week = days[first : first + DAYS_A_DOCUMENT]
        data = [
            {"id": int(student), "nsn": None, "values": [{"date": f"{day:%Y%m%d}", "codes": codes[day], "alt": ""} for day in week]}
            for student, codes in term.items()
        ]
        document = {
            "SMSDirectoryData": {
                "datetime": int(f"{week[-1]:%Y%m%d}170000"),
                "sync": "attendance",
                "sms": "KAMAR",
                "version": 2198,
                "schools": [{"index": 1, "schoolindex": 1, "moeCode": school.number, "name": "Example", "type": 40, "authoritative": True}],
                "attendance": {"count": len(data), "data": data},
            }
        }
        answer = school.stack.http.post(
            f"{school.stack.url('ingest')}/v1/kamar",
            content=json.dumps(document),
            headers={"Content-Type": "application/json"},
            auth=(credentials["username"], credentials["password"]),
        )
        assert answer.json()["SMSDirectoryData"]["error"] == 0, answer.text


def push_by_rest(school: School, term: dict[str, dict[date, str]]) -> None:
    marks: list[dict[str, Any]] = [
        {
            "student": student,
            "date": str(day),
            "slot": slot,
            "code": code,
            "recorded_at": f"{day}T17:00:00+13:00",
        }
        for student, days in term.items()
        for day, codes in days.items()
        for slot, code in enumerate(codes, start=1)
        if code != "."
    ]
    for first in range(0, len(marks), MARKS_A_REQUEST):
        answer = school.post(marks[first : first + MARKS_A_REQUEST])
        assert answer.json() == {"accepted": len(marks[first : first + MARKS_A_REQUEST]), "rejected": []}


def test_a_term_through_kamars_door_and_by_rest_while_the_calendar_changes(embedded: Stack) -> None:
    by_kamar, by_rest = (School(embedded, fresh_number(), A_TERM) for _ in range(2))
    days = sorted({day for day, _ in by_rest.half_days})
    term = a_term(days)
    for school in (by_kamar, by_rest):
        enrol(school)
    expected = {student: sum(half_days_absent(codes) for codes in by_day.values()) for student, by_day in term.items()}

    push_to_kamar(by_kamar, term, days)
    posting = threading.Thread(target=push_by_rest, args=(by_rest, term))
    posting.start()
    # While marks flow through both doors, the school finds that two days were open for a half day only, and that one of them was not.
    open_days = sorted(str(day) for day in days)
    for change in ([str(days[3]), str(days[7])], [str(days[3])]):
        by_rest.enrol(["1"], slots=SLOTS, half_days=change, open_days=open_days)
    posting.join()

    eventually(lambda: _totals(by_kamar), expected, patience=180)
    eventually(lambda: _totals(by_rest), _with_half_day(term, days[3]), patience=180)
    by_rest.enrol(["1"], slots=SLOTS, open_days=open_days)
    eventually(lambda: _totals(by_rest), expected, patience=180)
    states = {item["state"] for item in by_rest.get("thresholds", f"/v1/schools/{by_rest.number}/recalculations")["items"]}
    assert states <= {"done", "superseded"}
    view = by_kamar.attendance(next(student for student, total in expected.items() if total))
    assert any("of 300 minutes" in day["explanation"] for day in view["days"])


def _totals(school: School) -> dict[str, int]:
    return {student: total for student, total in school.totals().items() if student != "1"}


def _with_half_day(term: dict[str, dict[date, str]], half: date) -> dict[str, int]:
    return {
        student: sum(half_day_absent(codes) if day == half else half_days_absent(codes) for day, codes in by_day.items())
        for student, by_day in term.items()
    }
