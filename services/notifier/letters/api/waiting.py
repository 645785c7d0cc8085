"""Letters that have not gone yet: counted, looked at as they will go, let go or ended, many at once."""

import uuid
from collections import Counter
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.recipients import recipients
from services.notifier.contacts.repository import bad_addresses, contacts, decisions
from services.notifier.delivery.deliveries.repository import listing
from services.notifier.delivery.deliveries.schemas import STATUSES_OF
from services.notifier.letters.case import Case
from services.notifier.letters.policy import chosen, on_paper, with_defaults
from services.notifier.letters.releases import decide_release
from services.notifier.letters.repository import cases, policies, releases
from services.notifier.letters.repository.releases import ReleaseAction
from services.notifier.letters.schemas.waiting import (
    DecidedItems,
    EndedLetters,
    LetterPreview,
    LettersSummary,
    NamedLetters,
    PreviewedCopy,
    StepCount,
    UndecidedItem,
)
from services.notifier.letters.writing import LetterWriter, Sheet
from services.notifier.replies.linking import kept_link
from services.notifier.state import NotifierState, State
from services.notifier.templates.letter_kinds import LetterKind
from services.notifier.templates.rendering.occasion import About
from services.notifier.templates.repository import templates
from services.notifier.templates.texts import Texts
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.web.door import Router
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = Router(prefix="/v1/schools/{school}/letters", tags=["letters that wait for a person"])

Manager = Annotated[Principal, requires("star:write", role="manage")]


@router.get("/summary", summary="Count a school's letters by what became of them")
async def get_letter_summary(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read", by_group=True)],
    term: Annotated[str | None, Query(max_length=200, description="All terms by default")] = None,
) -> LettersSummary:
    """The students are those whom the caller may see. `steps` has every status of the list of deliveries with its threshold; the other
    numbers are their sums."""
    async with state.engine.connect() as connection:
        rows = await listing.numbers(connection, school, term=term, part=caller.part)
    steps = [StepCount.model_validate(row) for row in rows]
    sums: Counter[str] = Counter()
    for group, statuses in STATUSES_OF.items():
        sums[group] = sum(step.letters for step in steps if step.status in statuses)
    return LettersSummary(waiting=sums["waiting"], sent=sums["sent"], came_back=sums["came-back"], ended=sums["ended"], steps=steps)


@router.get("/{letter}/preview", summary="See a letter that waits as it will go")
async def preview_letter(
    school: SchoolInPath, letter: uuid.UUID, state: State, caller: Annotated[Principal, requires("star:read", role="manage", by_group=True)]
) -> LetterPreview:
    """The letter to each of its recipients, in the words and with the numbers of this moment. Both are decided anew when it goes. A caller
    of a part of the school sees those about their own students."""
    async with state.engine.begin() as connection:
        key = await releases.case_of(connection, school, letter)
        case = None if key is None else await cases.read(connection, key)
        waiting = None if case is None else next((one for one in case.in_wait() if one.id == letter), None)
        rows = await listing.page(connection, school, letter=letter, part=caller.part, most=1)
        if case is None or waiting is None or not rows:
            detail = "no letter of that id waits at this school, or it is about a student who is not yours"
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-letter", detail)
        kind = waiting.kind if waiting.occasion is not None else case.wanted() or waiting.kind
        access = Access(action="preview-letter", school=school, students=[case.student])
        await log_access(connection, caller, access, state.clock())
        copies = await _copies(connection, state, case, kind, waiting.about, state.clock())
    return LetterPreview(
        letter=letter,
        student=case.student,
        student_id=case.student_id,
        name=rows[0]["name"],
        threshold=kind if isinstance(kind, int) else None,
        occasion=waiting.occasion,
        absent_days=case.absent_half_days / 2,
        status=waiting.state,
        due_at=rows[0]["due_at"],
        copies=copies,
    )


@router.post("/release", summary="Let letters go that wait", status_code=HTTPStatus.ACCEPTED)
async def release_letters(school: SchoolInPath, body: NamedLetters, state: State, caller: Manager) -> DecidedItems:
    """Letters that are `held` or `awaiting-release` are due now, at the next opening of the school's window. They are decided like any
    other: what a letter says, and whether there is one, is what is so when it goes."""
    return await _decide(state, caller, school, "released", body, None)


@router.post("/discard", summary="End letters that wait", status_code=HTTPStatus.ACCEPTED)
async def discard_letters(school: SchoolInPath, body: EndedLetters, state: State, caller: Manager) -> DecidedItems:
    """Nothing is sent, and no later letter is about these crossings either. The reason is kept with the person who gave it."""
    return await _decide(state, caller, school, "discarded", body, body.reason)


async def _decide(
    state: NotifierState, caller: Principal, school: SchoolInPath, action: ReleaseAction, body: NamedLetters, reason: str | None
) -> DecidedItems:
    now = state.clock()
    async with state.engine.begin() as connection:
        known = await releases.states_of(connection, school, body.letters)
        allowed = releases.RELEASABLE if action == "released" else releases.WAITING
        wanted = frozenset(letter for letter in body.letters if known.get(letter) in allowed)
        keys = await releases.awaiting(connection, school, wanted, allowed)
        access = Access(action="decide-letters", school=school, student_ids=[student for student, _ in keys], fields=[action])
        await log_access(connection, caller, access, now)
        decided = await decide_release(connection, school, action, wanted, allowed, reason=reason, by=caller.subject, now=now)
    rejected = [
        UndecidedItem(index=index, reason="on-hold" if known.get(letter) == "on-hold" else "not-waiting", detail=_why(known.get(letter)))
        for index, letter in enumerate(body.letters)
        if letter not in decided
    ]
    return DecidedItems(accepted=len(body.letters) - len(rejected), rejected=rejected)


def _why(status: str | None) -> str:
    if status == "on-hold":
        return "staff hold it: lift the hold first"
    if status == "no-contact":
        return "nobody can be written to; it goes as soon as somebody can"
    return "no letter of that id waits at this school"


async def _copies(
    connection: AsyncConnection, state: NotifierState, case: Case, kind: LetterKind, about: About, now: datetime
) -> list[PreviewedCopy]:
    """The letter to each address that it would go to now; none where nobody can be written to."""
    school, contact = await contacts.school(connection, case.school), await contacts.contact(connection, case.student_id)
    if school is None or contact is None:
        return []
    policy = with_defaults(await policies.current(connection, case.school), state.settings.policy_defaults)
    bad = await bad_addresses.among(connection, case.school, contact.addresses())
    texts = Texts() if state.settings.text_url else None
    to = recipients(
        contact.caregivers,
        elsewhere=contact.elsewhere,
        decisions=await decisions.of(connection, case.school),
        bad=bad,
        texts=texts is not None,
        paper=on_paper(policy, kind if isinstance(kind, int) else None),
    )
    link = kept_link(state.settings.reply_url, policy.replies) if isinstance(kind, int) else None
    sheet = Sheet(kind, case, school, contact, await templates.in_force(connection, case.school, kind), link, about)
    writer = LetterWriter(state.letters, texts, state.settings.message_id_domain)
    copies = []
    for recipient in chosen(policy, to):
        parcel, written = writer.write(sheet, recipient, uuid.uuid4(), now)
        copies.append(
            PreviewedCopy(
                names=list(recipient.names),
                address=recipient.address,
                channel=recipient.channel,
                language=written.language,
                subject=parcel.subject or None,
                text=parcel.text,
                html=parcel.html or None,
            )
        )
    return copies
