"""A school sends another calendar when a term is over; it is 20 November, and term 3 ended in September."""

from typing import Any

from tests.integration.ingest.conftest import MARK, SCHOOL, Door
from tests.integration.ingest.schools.test_timetables import LESSONS, PERIODS, put

T3: dict[str, Any] = {"term": "2026-T3", "start": "2026-07-20", "end": "2026-09-25"}
T4: dict[str, Any] = {"term": "2026-T4", "start": "2026-10-12", "end": "2026-12-18"}
IN_T3 = MARK | {"date": "2026-08-04"}
BOTH: dict[str, Any] = {"terms": [T3, T4], "closed_days": ["2026-08-03"], "slots": PERIODS}


async def test_what_is_sent_without_the_term_leaves_it_as_it_was_counted(judged: Door) -> None:
    door = judged
    await put(door, **BOTH)
    assert (await door.post(MARK)).status_code == 202
    stored = await put(door, terms=[T4], slots=LESSONS, blanks_are_truant=True)
    assert stored["terms"] == [T3, T4]
    assert stored["closed_days"] == ["2026-08-03"]
    (past,) = stored["past_terms"]
    assert (past["terms"], past["blanks_are_truant"], len(past["slots"])) == (["2026-T3"], False, 5)
    assert (await door.send("GET", "/v1/schools/0999")).json() == stored
    # A late correction of the term is taken, and its closed day is closed.
    assert (await door.post(IN_T3)).status_code == 202
    refused = await door.post(IN_T3 | {"date": "2026-08-03"})
    assert refused.json()["rejected"][0]["reason"] == "closed-day"
    assert (await put(door, terms=[T4], slots=LESSONS, blanks_are_truant=True)) == stored


async def test_what_is_sent_of_the_term_changes_it_by_name_only(judged: Door) -> None:
    door = judged
    await put(door, **BOTH)
    assert (await door.post(MARK)).status_code == 202
    stored = await put(door, **BOTH | {"closed_days": ["2026-08-04"]})
    assert stored["closed_days"] == ["2026-08-03"]
    again = await door.send("PUT", "/v1/schools/0999?corrects=2026-T3", json=SCHOOL | BOTH | {"closed_days": ["2026-08-04"]})
    assert (again.status_code, again.json()["closed_days"]) == (200, ["2026-08-04"])


async def test_until_days_are_marked_what_is_sent_counts(door: Door) -> None:
    await put(door, **BOTH)
    stored = await put(door, **BOTH | {"closed_days": ["2026-08-04"], "blanks_are_truant": True})
    assert stored["closed_days"] == ["2026-08-04"]
    assert [past["blanks_are_truant"] for past in stored["past_terms"]] == [True]


async def test_a_new_term_on_days_of_the_one_that_is_over_is_refused(judged: Door) -> None:
    door = judged
    await put(door, **BOTH)
    assert (await door.post(MARK)).status_code == 202
    other = {"term": "2026-T2", "start": "2026-07-01", "end": "2026-07-31"}
    refused = await door.send("PUT", "/v1/schools/0999", json=SCHOOL | {"terms": [other, T4]})
    assert (refused.status_code, "2026-T3" in refused.json()["detail"]) == (422, True)
    again = await door.send("PUT", "/v1/schools/0999?corrects=2026-T3", json=SCHOOL | {"terms": [other, T4]})
    assert [term["term"] for term in again.json()["terms"]] == ["2026-T2", "2026-T4"]


async def test_the_running_term_that_is_left_out_ends_today(judged: Door) -> None:
    door = judged
    await put(door, **BOTH)
    assert (await door.post(MARK)).status_code == 202
    next_year = {"terms": [{"term": "2027-T1", "start": "2027-02-02", "end": "2027-04-09"}]}
    shown = await door.send("PUT", "/v1/schools/0999", json=SCHOOL | next_year)
    assert (shown.status_code, "would end today" in shown.json()["detail"]) == (409, True)
    answer = await door.send("PUT", f"/v1/schools/0999?confirm={shown.json()['confirm']}", json=SCHOOL | next_year)
    assert [(term["term"], term["end"]) for term in answer.json()["terms"]] == [
        ("2026-T3", "2026-09-25"),
        ("2026-T4", "2026-11-20"),
        ("2027-T1", "2027-04-09"),
    ]
