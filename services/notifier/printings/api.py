"""A school prints its letters on paper, and records the day on which they were posted."""

import asyncio
import uuid
from datetime import time
from http import HTTPStatus
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import structlog
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.contact import School
from services.notifier.contacts.repository import contacts
from services.notifier.delivery.deliveries.announcing import say_sent
from services.notifier.delivery.deliveries.repository import deliveries, reads
from services.notifier.printings import repository as printings
from services.notifier.printings.gathering import still_to_print
from services.notifier.printings.printing import PaperLetter, Printing
from services.notifier.printings.schemas import PaperWaiting, PostedIn, PrintingIn, PrintingMade, PrintingOut, TakenBack
from services.notifier.printings.setting import GOING, printing_pdf
from services.notifier.state import State
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.clock import instant
from shared.identifiers import sent_id
from shared.telemetry import metrics
from shared.typesetting.press import MEDIA_TYPE
from shared.web.cursors import PageLimit, moment, read_cursor
from shared.web.door import Router
from shared.web.headers import disposition
from shared.web.idempotency import IdempotencyKey
from shared.web.openapi.refusals import refuses
from shared.web.openapi.successes import sends
from shared.web.pages import Page, page_of
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires
from shared.web.visible import visible

log = structlog.get_logger()

router = Router(tags=["letters on paper"])

MOST_LETTERS: Final = 300
"""Letters in one pile: what one person folds in an afternoon, and the PDF of some seconds."""

NOON: Final = time(12)
"""The hour that a posted letter stands under: people give a day."""

Reader = Annotated[Principal, requires("star:read", role="manage")]
Manager = Annotated[Principal, requires("star:write", role="manage")]

_PDF: Final = sends("The letters as a document to print.", MEDIA_TYPE)


@router.get("/v1/schools/{school}/printings/waiting", summary="Count the letters that wait to be printed")
async def count_paper_letters(school: SchoolInPath, state: State, caller: Annotated[Principal, requires("star:read")]) -> PaperWaiting:
    """Letters in a pile that is not posted yet are not among them."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        return PaperWaiting(letters=await printings.count_to_print(connection, school))


@router.get("/v1/schools/{school}/printings", summary="The school's piles of letters")
async def list_printings(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read")],
    limit: PageLimit = 50,
    cursor: str | None = None,
) -> Page[PrintingOut]:
    """Newest first."""
    caller.require_school(school)
    before = read_cursor(cursor, moment, uuid.UUID)
    async with state.engine.connect() as connection:
        rows = await printings.page(connection, school, before, limit + 1)
    return page_of(rows, limit, lambda row: (row.made_at, row.id)).map(PrintingOut.of)


@router.post(
    "/v1/schools/{school}/printings",
    status_code=HTTPStatus.CREATED,
    summary="Print letters that wait on paper",
    responses=refuses("nothing-to-print"),
)
async def print_letters(school: SchoolInPath, body: PrintingIn, state: State, caller: Manager, key: IdempotencyKey = None) -> PrintingMade:
    """Puts up to 300 letters into one pile, the oldest that wait; the next request prints the others. Each is looked at once more: its
    words are those of this moment. A letter of a crossing that was taken back does not go, nor one to somebody who must not be written to.
    """
    caller.require_school(school)
    now = state.clock()
    id_ = uuid.uuid4() if key is None else sent_id("printing", f"{school}/{caller.subject}", key)
    async with state.engine.begin() as connection:
        await printings.lock(connection, school)
        if (made := await printings.get(connection, id_)) is not None:
            return _made(made, await printings.letters(connection, id_))
        found = await still_to_print(connection, state, school, MOST_LETTERS)
        ordered = sorted(found, key=lambda letter: (*letter.sort_key(body.sorted_by), letter.delivery))
        pile = Printing(id_, school, body.sorted_by, len(ordered), now, caller.subject, None, None, None, None)
        if ordered:
            await printings.add(connection, pile, [letter.delivery for letter in ordered])
            access = Access(action="print-letters", school=school, students=sorted({letter.student for letter in ordered}))
            await log_access(connection, caller, access, now)
        letters = await printings.letters(connection, id_)
    # Raised here, so that what became of letters that do not go is kept.
    if not ordered:
        raise ProblemError(HTTPStatus.CONFLICT, "nothing-to-print", "no letter on paper waits to be printed")
    log.info("letters.printed", printing=str(id_), school=school, letters=len(ordered), by=caller.subject)
    return _made(pile, letters)


@router.get(
    "/v1/printings/{printing_id}.pdf", response_class=Response, responses=_PDF | refuses("erased"), summary="The letters of a pile as a PDF"
)
async def download_printing(printing_id: uuid.UUID, state: State, caller: Reader) -> Response:
    """A list, and each letter from a page of its own with its address in the window of the envelope. Print it on one side. A pile that was
    posted has its letters as they went. Each look at a letter is on record."""
    now = state.clock()
    async with state.engine.begin() as connection:
        pile = await _of_caller(connection, printing_id, caller)
        letters = await printings.letters(connection, printing_id)
        school = await contacts.school(connection, pile.school)
        shown = [letter for letter in letters if letter.status in GOING and letter.text is not None]
        if school is None or not shown:
            raise ProblemError(HTTPStatus.CONFLICT, "erased", "no letter of this pile has its words any more")
        for letter in shown:
            await reads.note(connection, letter.delivery, caller.subject, caller.role, now)
        access = Access(action="read-letter", school=pile.school, students=sorted({letter.student for letter in letters}))
        await log_access(connection, caller, access, now)
    pdf = await asyncio.to_thread(printing_pdf, pile, letters, school, pile.made_at)
    name = f"letters-{pile.school}-{pile.made_at:%Y-%m-%d}.pdf"
    return Response(
        pdf, media_type=MEDIA_TYPE, headers={"Content-Disposition": disposition("attachment", name), "Cache-Control": "no-store"}
    )


@router.get("/v1/printings/{printing_id}", summary="One pile of letters")
async def get_printing(printing_id: uuid.UUID, state: State, caller: Reader) -> PrintingMade:
    """With the letters to take out of it: their crossings were taken back since it was printed."""
    async with state.engine.begin() as connection:
        pile = await _of_caller(connection, printing_id, caller)
        letters = await printings.letters(connection, printing_id)
        gone = [letter.student for letter in letters if letter.status not in GOING]
        await log_access(connection, caller, Access(action="list-deliveries", school=pile.school, students=gone), state.clock())
    return _made(pile, letters)


@router.post(
    "/v1/printings/{printing_id}/posted",
    summary="Record that a pile was posted",
    responses=refuses("printing-settled", "future-date", "past-date"),
)
async def post_printing(printing_id: uuid.UUID, body: PostedIn, state: State, caller: Manager) -> PrintingMade:
    """Its letters are sent, on that day. Those that were taken back meanwhile are not among them: the answer names them, as they have to be
    taken out of the pile first."""
    now = state.clock()
    async with state.engine.begin() as connection:
        pile, school = await _settle(connection, printing_id, caller)
        calendar = school.calendar() if school is not None else None
        zone = ZoneInfo(calendar.timezone) if calendar is not None else now.tzinfo
        if body.on > now.astimezone(zone).date():
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "future-date", "the day has not come yet at the school")
        if body.on < pile.made_at.astimezone(zone).date():
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "past-date", "the pile was not printed by then")
        at = min(now, instant(body.on, NOON, zone)) if isinstance(zone, ZoneInfo) else now
        gone = await printings.posted(connection, printing_id, body.on, max(at, pile.made_at), caller.subject, now)
        await say_sent(connection, gone, now)
        letters = await printings.letters(connection, printing_id)
        access = Access(action="post-letters", school=pile.school, students=sorted({letter.student for letter in letters}))
        await log_access(connection, caller, access, now)
        settled = await _of_caller(connection, printing_id, caller)
    metrics.LETTERS.labels("sent").inc(len(gone))
    log.info("letters.posted", printing=str(printing_id), school=pile.school, letters=len(gone), by=caller.subject)
    return _made(settled, letters)


@router.delete(
    "/v1/printings/{printing_id}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Drop a pile that is not posted",
    responses=refuses("printing-settled"),
)
async def drop_printing(printing_id: uuid.UUID, state: State, caller: Manager) -> None:
    """Its letters wait to be printed again."""
    async with state.engine.begin() as connection:
        pile, _ = await _settle(connection, printing_id, caller)
        await printings.drop(connection, printing_id, state.clock())
        students = sorted({letter.student for letter in await printings.letters(connection, printing_id)})
        await log_access(connection, caller, Access(action="print-letters", school=pile.school, students=students), state.clock())


async def _settle(connection: AsyncConnection, printing_id: uuid.UUID, caller: Principal) -> tuple[Printing, School | None]:
    """The printing, with its letters locked; and its school. Raises ProblemError for one that is settled, or not the caller's."""
    pile = await _of_caller(connection, printing_id, caller)
    await printings.lock(connection, pile.school)
    pile = await _of_caller(connection, printing_id, caller)
    if pile.is_settled:
        raise ProblemError(HTTPStatus.CONFLICT, "printing-settled", "this pile was posted or dropped already")
    await deliveries.lock_all(connection, [letter.delivery for letter in await printings.letters(connection, printing_id)])
    return pile, await contacts.school(connection, pile.school)


async def _of_caller(connection: AsyncConnection, printing_id: uuid.UUID, caller: Principal) -> Printing:
    detail = "there is no such pile, or it is another school's"
    missing = ProblemError(HTTPStatus.NOT_FOUND, "unknown-printing", detail)
    return visible(await printings.get(connection, printing_id), caller, missing)


def _made(pile: Printing, letters: list[PaperLetter]) -> PrintingMade:
    taken_back = [
        TakenBack(place=letter.place, student=letter.student, student_id=letter.student_id)
        for letter in letters
        if letter.status not in GOING
    ]
    return PrintingMade(**PrintingOut.of(pile).model_dump(), taken_back=taken_back)
