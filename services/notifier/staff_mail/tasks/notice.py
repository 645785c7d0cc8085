"""Sending an e-mail to staff: a letter's copy, the digest, a plan's review, letters that wait for a person. Its words are looked up now."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import ClassVar, Final

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.contacts.contact import School
from services.notifier.contacts.one_line import one_line
from services.notifier.contacts.repository import contacts
from services.notifier.delivery.deliveries.repository import listing
from services.notifier.delivery.transports.interface import Parcel, Transport
from services.notifier.delivery.transports.outcomes import Away, Ours
from services.notifier.delivery.transports.rate import LONGEST_WAIT
from services.notifier.staff_mail.movements import net
from services.notifier.staff_mail.repository import choices, copies, movements, notices
from services.notifier.staff_mail.repository.movements import NamedStep
from services.notifier.staff_mail.repository.notices import Notice, NoticeStatus
from services.notifier.templates.rendering.occasion import Written
from services.notifier.templates.rendering.staff import (
    DigestMail,
    DutiesMail,
    DutyLine,
    LetterCopy,
    Movement,
    NearLine,
    PlanReview,
    ReleaseAlarm,
    StaffLetters,
)
from shared.addresses import usable_address
from shared.clock import Clock
from shared.events.data import Duty, NearStep
from shared.names import full_name
from shared.telemetry import metrics
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Failed, Outcome, Retry

log = structlog.get_logger()

# As patient as with families' letters, and then it is given up.
BACKOFF: Final = Backoff(timedelta(seconds=30), timedelta(hours=1), most_attempts=100)

MARGIN: Final = timedelta(minutes=1)
"""The time that the lease leaves beyond the transport's own bound."""

MOST_LINES: Final = 30
"""Things that an e-mail to a member of staff names: nobody reads more."""

SEND_WITHIN: Final = timedelta(days=14)
"""How long a notice is tried while our own side, or the mail server, is out of order. After that it is out of date."""


@dataclass(frozen=True, slots=True)
class Dropped(Done):
    """The notice is not needed any more."""


@dataclass(frozen=True, slots=True)
class NoContact(Failed):
    """There is nobody to send it to, until the school has a contact address."""


@dataclass(frozen=True, slots=True)
class NoticeTask:
    """One attempt after another. No transaction is open while the mail server is spoken to. `console_url`: where people find the screens;
    empty where nobody has said."""

    engine: AsyncEngine
    email: Transport
    words: StaffLetters
    send_within: timedelta
    clock: Clock
    console_url: str = ""
    backoff: Backoff = BACKOFF
    kind: ClassVar[str] = notices.WORK_KIND

    @property
    def lease(self) -> timedelta:
        """The bound on one attempt."""
        return self.send_within + LONGEST_WAIT + MARGIN

    async def perform(self, item: WorkItem) -> Outcome:
        """Sends it, unless it has become needless."""
        async with self.engine.connect() as connection:
            notice = await notices.waiting(connection, item.id)
            if notice is None:
                return Done("settled before")
            school = await contacts.school(connection, notice.school)
            if school is None:
                return Retry("the school has not been sent yet")
            to = notice.recipient or await self._contact(connection, school)
            written = await self._write(connection, notice, school)
        if not isinstance(written, Written):
            return written
        usable = usable_address(to)
        if usable is None:
            return NoContact("the school has no contact address")
        parcel = Parcel(
            id=notice.id,
            channel="email",
            recipient=usable,
            sender_name=school.name,
            reply_to=None,
            subject=written.subject,
            text=written.text,
            html=written.html,
            message_id=notice.message_id,
            written_at=notice.created_at,
        )
        outcome = await self.email.send(parcel)
        if not isinstance(outcome, Away | Ours):
            return outcome
        tried_for = self.clock() - notice.created_at
        return (
            Failed(f"given up after {tried_for.days} days: {outcome.detail}")
            if tried_for >= SEND_WITHIN
            else replace(outcome, counts=False)
        )

    async def settle(self, connection: AsyncConnection, item: WorkItem, outcome: Outcome) -> None:
        """Keeps what became of it."""
        status: NoticeStatus
        match outcome:
            case Dropped():
                status = "cancelled"
            case Done():
                status = "sent"
            case NoContact():
                status = "no-contact"
            case Failed():
                status = "failed"
            case _:
                return
        sent_at = self.clock() if status == "sent" else None
        kind = await notices.settle(connection, item.id, status, outcome.detail, sent_at)
        if kind is not None:
            metrics.NOTICES.labels(kind, status).inc()
            log.info("notice.settled", notice=str(item.id), kind=kind, status=status)

    async def _contact(self, connection: AsyncConnection, school: School) -> str | None:
        """The school's contact address, or else one that it named for digests or copies."""
        chosen = await choices.current(connection, school.school)
        digest = chosen.digest.to if chosen.digest is not None else None
        return next((address for address in (school.contact_email, digest, chosen.staff_copy) if usable_address(address) is not None), None)

    async def _write(self, connection: AsyncConnection, notice: Notice, school: School) -> Written | Outcome:
        match notice.kind:
            case "staff-copy":
                return await self._copy(connection, notice, school)
            case "digest":
                steps = await movements.of_digest(connection, notice.id)
                day = date.fromisoformat(notice.about["day"])
                running = school.calendar().current_or_last_term(day)
                return self.words.digest(DigestMail(school.name, day, _movements(steps), running.name if running else None))
            case "plan-review":
                review_on = date.fromisoformat(notice.about["review_on"])
                return self.words.plan_review(PlanReview(school.name, notice.about["version"], review_on))
            case "duties":
                return await self._duties(connection, notice, school)
            case "release":
                waiting = await listing.count_awaiting_release(connection, school.school)
                if not waiting:
                    return Dropped("none waits any more")
                return self.words.release(ReleaseAlarm(school.name, waiting, restored="restored_at" in notice.about))

    async def _duties(self, connection: AsyncConnection, notice: Notice, school: School) -> Written | Outcome:
        due = msgspec.convert(notice.about["duties"], list[Duty])
        staff = school.event().staff
        names = {member.account: member.name for member in staff.people} if staff is not None else {}
        near = msgspec.convert(notice.about.get("near", []), list[NearStep])
        people = await contacts.contacts_of(connection, {duty.student_id for duty in due} | {step.student_id for step in near})
        lines = [
            DutyLine(duty.kind, full_name(person.given_name, person.family_name), duty.due, duty.threshold, duty.from_others)
            for duty in due
            if (person := people.get(duty.student_id)) is not None
        ]
        close = [
            NearLine(full_name(person.given_name, person.family_name), step.threshold, step.absent_half_days)
            for step in near
            if (person := people.get(step.student_id)) is not None
        ]
        if not (lines or close) or notice.about["account"] not in names:
            return Dropped("the students have left, or the person has")
        name, day = names[notice.about["account"]], date.fromisoformat(notice.about["day"])
        more = len(lines[MOST_LINES:]) + len(close[MOST_LINES:])
        link = f"{self.console_url.rstrip('/')}/console/{school.school}/today?mine=true" if self.console_url else None
        return self.words.duties(
            DutiesMail(school.name, name, day, lines[:MOST_LINES], more, notice.about["waiting"], close[:MOST_LINES], link)
        )

    async def _copy(self, connection: AsyncConnection, notice: Notice, school: School) -> Written | Outcome:
        assert notice.letter_id is not None
        letter = await copies.letter(connection, notice.letter_id)
        if letter is None or letter.text is None:
            return Dropped("the student has left")
        if not letter.sent:
            not_yet, never = Retry("the letter has not gone out yet", counts=False), Dropped("the letter did not go out")
            return not_yet if letter.waiting else never
        return self.words.copy(
            LetterCopy(
                school.name,
                one_line(letter.student),
                letter.year_level,
                letter.threshold,
                letter.sent + letter.waiting,
                letter.subject or "",
                letter.text,
            )
        )


def _movements(steps: list[NamedStep]) -> list[Movement]:
    """By student, without those who have left."""
    student_of = {named.step.student_id: named for named in steps}
    return [
        Movement(
            name=full_name(student.given_name, student.family_name or ""),
            year_level=student.year_level,
            from_tier=step.from_tier,
            to_tier=step.to_tier,
            absent_half_days=step.absent_half_days,
            term=step.term,
        )
        for step in net(named.step for named in steps)
        if (student := student_of[step.student_id]).given_name is not None
    ]
