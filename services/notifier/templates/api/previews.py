"""A letter before it goes out: on the screen, or in the school's own mailbox."""

import uuid
from dataclasses import replace
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from typing import Annotated

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.contact import School
from services.notifier.contacts.recipients import recipients
from services.notifier.contacts.repository import contacts, decisions
from services.notifier.delivery.transports.interface import Parcel
from services.notifier.state import NotifierState, State
from services.notifier.templates.api.templates import PATH, checked
from services.notifier.templates.languages import HOUSE, best
from services.notifier.templates.letter_kinds import LetterKind
from services.notifier.templates.rendering.occasion import LetterTemplate, Occasion
from services.notifier.templates.rendering.occasions import occasion_of
from services.notifier.templates.rendering.samples import OFFICE, SampleCase, sample
from services.notifier.templates.repository import counts, templates, trials
from services.notifier.templates.schemas import LetterParameter, PreviewIn, PreviewOut, TrialIn, TrialOut, WordsIn
from services.notifier.templates.texts import Texts
from services.notifier.templates.trials import WITHIN, may_go_to
from shared.addresses import usable_address
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.identifiers import sent_id, student_id
from shared.web.door import Router
from shared.web.idempotency import IdempotencyKey
from shared.web.openapi.refusals import refuses
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

log = structlog.get_logger()

router = Router(tags=["templates"])


@cache
def _texts() -> Texts:
    """The writer of text messages, also where no gateway is set up: a preview sends nothing."""
    return Texts()


@router.post(
    PATH + "/{threshold}/preview",
    summary="See a letter without sending it",
    responses=refuses("no-contact", "no-count", "unknown-student", "bad-template"),
)
async def preview_template(
    school: SchoolInPath, threshold: LetterParameter, body: PreviewIn, state: State, caller: Annotated[Principal, requires("star:read")]
) -> PreviewOut:
    """For a made-up family; or, for staff of the role `manage`, for a real student as the letter would be now. Words in the request are
    tried out without being saved."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        sender = await contacts.school(connection, school)
        if body.student is None:
            language, occasion = body.language or HOUSE, _made_up(threshold, body, sender)
        else:
            caller.require_role("manage")
            language, occasion = await _real(connection, sender, school, body.student)
            language = body.language or language
            await log_access(connection, caller, Access(action="preview-letter", school=school, students=[body.student]), state.clock())
            log.info("letter.previewed", student_id=str(student_id(school, body.student)), threshold=threshold, caller=caller.subject)
        template = await _template(connection, state, school, threshold, language, body)
    written = state.letters.try_out(threshold, occasion, template)
    origin = "school" if template.version is not None else "house" if template == state.letters.house(threshold) else "request"
    return PreviewOut(
        subject=written.subject,
        text=written.text,
        html=written.html,
        language=written.language,
        origin=origin,
        version=written.version,
        text_message=_texts().write(threshold, occasion),
    )


@router.post(
    PATH + "/{threshold}/test",
    status_code=HTTPStatus.ACCEPTED,
    summary="Send a letter to the school itself",
    responses=refuses("too-many-tests", "not-the-schools-address"),
)
async def test_template(
    school: SchoolInPath,
    threshold: LetterParameter,
    body: TrialIn,
    state: State,
    caller: Annotated[Principal, requires("star:write", role="manage")],
    key: IdempotencyKey = None,
) -> TrialOut:
    """The letter to a made-up family, marked as a test, the way that all letters go. It is nobody's letter and counts as none."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        sender = await contacts.school(connection, school)
        address = await _address(connection, sender, school, body.to)
        template = await _template(connection, state, school, threshold, body.language, body)
    written = state.letters.try_out(threshold, _made_up(threshold, body, sender), template, trial=True)
    id_ = uuid.uuid4() if key is None else sent_id("trial", f"{school}/{threshold}/{caller.subject}", key)
    now = state.clock()
    parcel = Parcel(
        id=id_,
        channel="email",
        recipient=address,
        sender_name=sender.name if sender is not None else school,
        reply_to=None,
        subject=written.subject,
        text=written.text,
        html=written.html,
        message_id=f"<{id_}@{state.settings.message_id_domain}>",
        written_at=now,
    )
    async with state.engine.begin() as connection:
        await trials.lock(connection, school)
        if (status := await trials.status_of(connection, id_)) is not None:
            return TrialOut(id=id_, to=address, subject=written.subject, status=status)
        recent = await trials.between(connection, school, now - WITHIN, now)
        if len(recent) >= state.settings.trials_an_hour:
            wait = recent[-state.settings.trials_an_hour] + WITHIN - now
            raise ProblemError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too-many-tests",
                f"a school sends up to {state.settings.trials_an_hour} letters to itself in an hour",
                headers={"Retry-After": str(max(1, -(-wait // timedelta(seconds=1))))},
            )
        await trials.add(connection, school, threshold, parcel, caller.subject)
    log.info("letter.tried", school=school, threshold=threshold, trial=str(id_), caller=caller.subject)
    return TrialOut(id=id_, to=address, subject=written.subject, status="waiting")


async def _template(
    connection: AsyncConnection, state: NotifierState, school: str, threshold: LetterKind, language: str, body: WordsIn
) -> LetterTemplate:
    """The words in force, those of the request in their place."""
    own = best(await templates.in_force(connection, school, threshold), language)
    words = (own.template() if own is not None else None) or state.letters.house(threshold)
    if body.subject is None and body.body is None:
        return words
    # Half of it new: in the language that is asked for, as it would be saved.
    return checked(state, threshold, LetterTemplate(language, body.subject or words.subject, body.body or words.body))


def _made_up(threshold: LetterKind, body: WordsIn, school: School | None) -> Occasion:
    case = body.sample.case() if body.sample is not None else SampleCase()
    if school is None:
        return sample(threshold, case)
    made_up = sample(threshold, case, school=school.name, contact_email=school.reply_address() or OFFICE)
    if not case.contact_person or school.document is None:
        return replace(made_up, contact_name=None, phone=None)
    return replace(made_up, contact_name=school.document.contact_name, phone=school.document.phone)


async def _real(connection: AsyncConnection, school: School | None, number: str, student: str) -> tuple[str, Occasion]:
    """The language of the student's first caregiver, and what the student's letter would speak of now."""
    id_ = student_id(number, student)
    contact = await contacts.contact(connection, id_)
    if school is None or contact is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-student", "the school has sent no such student")
    count = await counts.newest(connection, id_)
    if count is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "no-count", "this student has passed no threshold: preview with a sample instead")
    to = recipients(contact.caregivers, elsewhere=contact.elsewhere, decisions=await decisions.of(connection, number))
    if not to:
        raise ProblemError(HTTPStatus.NOT_FOUND, "no-contact", "no caregiver of this student can be written to")
    return to[0].language, occasion_of(count, school, contact, to[0].names)


async def _address(connection: AsyncConnection, school: School | None, number: str, to: str) -> str:
    address = usable_address(to)
    office = school.reply_address() if school is not None else None
    domain = office.rpartition("@")[2] if office is not None else ""
    caregivers = await trials.caregivers_addresses(connection, number, domain) if office is not None else []
    if address is None or not may_go_to(address, office, caregivers):
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "not-the-schools-address",
            "a test goes to the school's contact address, or to one in the same domain that is no caregiver's",
        )
    return address
