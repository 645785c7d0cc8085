"""Any order, any repetition, any crash: the same totals, and each crossing said once."""

import random
import threading
import time
from collections import defaultdict
from typing import Any

import httpx

from tests.e2e.school import School, eventually, eventually_holds, fresh_number
from tests.support.stack import Stack

STUDENTS = [str(number) for number in range(100, 140)]


def a_terms_marks(school: School, chance: random.Random) -> list[dict[str, Any]]:
    """A term with absences, corrections and removals; every place is said up to three times, at different minutes."""
    marks = []
    for student in STUDENTS:
        likely = chance.choice([0.05, 0.3, 0.6, 0.9])
        for half_day in range(len(school.half_days)):
            code: str | None = chance.choice("MTGE?") if chance.random() < likely else "P"
            marks.append(school.mark(student, half_day, code, minute=0))
            if chance.random() < 0.2:
                marks.append(school.mark(student, half_day, chance.choice(["P", "M", None]), minute=chance.randint(1, 20)))
    return marks


def expected_totals(marks: list[dict[str, Any]]) -> dict[str, int]:
    """The latest word at each place, counted by hand."""
    latest: dict[tuple[str, str, str], dict[str, Any]] = {}
    for mark in marks:
        place = (mark["student"], mark["date"], mark["session"])
        if place not in latest or mark["recorded_at"] > latest[place]["recorded_at"]:
            latest[place] = mark
    totals = dict.fromkeys(STUDENTS, 0)
    for (student, _, _), mark in latest.items():
        totals[student] += mark["code"] in ("M", "T", "G", "E", "?")
    return totals


def check_crossings(school: School, totals: dict[str, int]) -> None:
    """For each student and threshold: up and down in turn, numbered without gaps or repeats, and up in the end if the total says so."""
    said: dict[tuple[str, int], list[tuple[str, int]]] = defaultdict(list)
    for student, threshold, direction, sequence in school.crossings():
        said[student, threshold].append((direction, sequence))
    for student, total in totals.items():
        for threshold in (5, 10, 15):
            history = said[student, threshold]
            in_turn = [(direction, number) for number in range(1, len(history) + 1) for direction in ("up", "down")]
            assert history == in_turn[: len(history)], (student, threshold, history)
            assert (len(history) % 2 == 1) == (total >= threshold * 2), (student, threshold, total, history)
    ids = [event["id"] for event in school.events()]
    assert len(ids) == len(set(ids))


def check_records(school: School, totals: dict[str, int]) -> None:
    """A record is open if, and only if, the total has reached its threshold."""
    found = {(record["student"], record["threshold"]): record["status"] for record in school.records(limit=500)}
    for student, total in totals.items():
        for threshold in (5, 10, 15):
            reached = total >= threshold * 2
            assert found.get((student, threshold), "withdrawn") == ("open" if reached else "withdrawn"), (student, threshold)


def post_all(school: School, marks: list[dict[str, Any]], size: int = 200) -> None:
    """Posts until everything is accepted, as a student management system would."""
    for start in range(0, len(marks), size):
        while True:
            answer = school.post(marks[start : start + size])
            if answer.status_code == 202:
                break
            assert answer.status_code == 503, answer.text
            time.sleep(0.2)


def test_shuffled_twice_with_stale_repeats(school: School) -> None:
    chance = random.Random(1)
    marks = a_terms_marks(school, chance)
    totals = expected_totals(marks)
    school.enrol(STUDENTS)
    for _ in range(2):
        chance.shuffle(marks)
        post_all(school, marks)
    eventually(school.totals, totals)
    post_all(school, chance.sample(marks, 300))
    # The events of the last batch may still be on their way from the outbox.
    eventually_holds(lambda: check_crossings(school, totals))
    check_records(school, totals)


def test_a_worker_killed_again_and_again_while_marks_flow(stack: Stack) -> None:
    undisturbed, disturbed = School(stack, fresh_number()), School(stack, fresh_number())
    chance = random.Random(2)
    marks = a_terms_marks(undisturbed, chance)
    chance.shuffle(marks)
    totals = expected_totals(marks)
    for school in (undisturbed, disturbed):
        school.enrol(STUDENTS)
    post_all(undisturbed, marks)
    eventually(undisturbed.totals, totals)

    posting = threading.Thread(target=_post_patiently, args=(disturbed, marks))
    posting.start()
    for _ in range(4):
        time.sleep(chance.uniform(0.1, 0.6))
        stack.heart.kill()
        stack.heart.launch()
        stack.heart.await_health()
    posting.join()

    eventually(disturbed.totals, totals, patience=120)
    eventually_holds(lambda: check_crossings(disturbed, totals))
    check_records(disturbed, totals)
    assert disturbed.totals() == undisturbed.totals()


def _post_patiently(school: School, marks: list[dict[str, Any]]) -> None:
    """Posts in small rolls, through every outage of the door (in one process, the door falls with the worker)."""
    for start in range(0, len(marks), 40):
        while True:
            try:
                if school.post(marks[start : start + 40]).status_code == 202:
                    break
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
