"""Plays the demo against a server that runs: `make run` calls it once everything answers."""

import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from deploy.demo.attendance import Attendance
from deploy.demo.casework import keep_casework
from deploy.demo.client import Client, RefusedError
from deploy.demo.diary import Diary
from deploy.demo.enrolment import enrol_school, enrol_students, resumed
from deploy.demo.letters import send_at_once
from deploy.demo.outcome import outcome
from deploy.demo.plan import publish_plan
from deploy.demo.posting import Tally, post_corrections, post_roll_calls, settled, stamp
from deploy.demo.responses import respond, upload
from deploy.demo.school import NAME, NUMBER, students
from deploy.demo.screen import Screen
from deploy.demo.summary import Played, show_addresses, show_outcome
from deploy.demo.terms import today_at_school
from shared.auth.keys import signing_key
from shared.auth.tokens import issue_token
from shared.clock import Clock, utc_now

log = structlog.get_logger()

SCOPES: Final = ("marks:write", "roster:write", "star:read", "star:write", "uploads:run", "events:subscribe")
TOKEN_FOR: Final = timedelta(hours=1)


async def play(base_url: str, data: Path, clock: Clock = utc_now) -> None:
    """Plays what has not been played yet of the made-up school's term, and shows what came of it.

    A demo that fails says why, and leaves the services running. Cancelled, it ends at once; the next one carries on.
    """
    screen = Screen()
    try:
        client = Client(base_url, _token(data))
        try:
            student = await _perform(client, screen, data, clock())
        finally:
            await client.close()
        show_addresses(screen, base_url, data, student)
    except RefusedError as error:
        _apologise(str(error))
    except Exception as error:
        log.exception("demo.failed")
        _apologise(f"{type(error).__name__}; the log says where")


async def _perform(client: Client, screen: Screen, data: Path, now: datetime) -> str | None:
    """From the school to the upload's receipt. Answers a student worth a look."""
    today = today_at_school(now)
    everybody = students()
    screen.heading(f"\n{NAME}, number {NUMBER}: made up, with {len(everybody)} made-up students")
    calendar, known = await enrol_school(client, today)
    term = calendar.current_or_last_term(today)
    if term is None:
        raise RefusedError(f"school {NUMBER} is there already, without terms")
    holidays = "" if today in term else ", in the holidays"
    screen.say(f"Term {term.name}, {term.start} to {term.end}; today at the school is {today:%A} {today}{holidays}")
    if not known:
        await send_at_once(client)
    if await enrol_students(client, everybody):
        screen.say("Sent the school's calendar, its students and their caregivers")
    if await publish_plan(client, today):
        screen.say("Published the school's Attendance Management Plan")
    attendance = Attendance(everybody, calendar, term)
    diary = await resumed(client, Diary.read(data), term, everybody) if known else Diary(term=term.name)
    played = await _post(client, screen, data, attendance, diary, now)

    with screen.working("Waiting for totals, crossings and letters"):
        different = await settled(client, attendance, now, stamp(now))
        # Held meetings are responses: they come first, and are not recorded again.
        pieces = await keep_casework(client, term.name, today)
        responses = await respond(client, term.name, today)
        sent = await upload(client, today)
        result = await outcome(client, term.name)
    show_outcome(screen, played, result, sent, responses=responses, casework=pieces, different=len(different))
    return result.remarkable


async def _post(client: Client, screen: Screen, data: Path, attendance: Attendance, diary: Diary, now: datetime) -> Played:
    """Posts the roll calls and corrections that have not been posted, in this order."""
    called = list(attendance.roll_calls(now))
    new = [roll_call for roll_call in called if roll_call.key > diary.posted_until]
    corrected = [correction for correction in attendance.corrections(now) if diary.corrected_until < stamp(correction.after.recorded_at)]
    tally = Tally()
    if not new and not corrected:
        screen.say(f"Everything up to {diary.posted_until.strip()} was played before: nothing new to post")
        return Played(tally, 0, 0)
    if diary.posted_until:
        screen.say(f"Carrying on after {diary.posted_until.strip()}, where an earlier run ended")
    if new:
        title = f"Posting {len(new)} roll calls, {new[0].half_day.day} to {new[-1].half_day.day}"
        with screen.progress(title, sum(len(roll_call.marks) for roll_call in new)) as advance:
            diary = await post_roll_calls(client, new, diary, data, advance, tally)
    if not corrected:
        return Played(tally, 0, 0)
    with screen.working(f"Posting {len(corrected)} corrections made after the roll, and repeats that must change nothing"):
        # In one gulp with the marks they correct, they would prevent crossings rather than take them back.
        await settled(client, attendance, now, diary.corrected_until)
        repeats = await post_corrections(client, corrected, called[-1], tally)
    replace(diary, corrected_until=stamp(now)).write(data)
    return Played(tally, len(corrected), repeats)


def _token(data: Path) -> str:
    return issue_token(signing_key(data), subject="demo", scopes=SCOPES, schools=[NUMBER], now=utc_now(), valid_for=TOKEN_FOR)


def _apologise(why: str) -> None:
    print(f"\nThe demo ended early: {why}.\nThe services keep running; run it again to carry on.", file=sys.stderr, flush=True)
