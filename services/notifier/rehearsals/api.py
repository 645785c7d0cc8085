"""A school tries a letter policy or words out on the crossings of its last weeks."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Final, get_args

from services.notifier.rehearsals.comparing import Change, LetterThen
from services.notifier.rehearsals.rehearsing import Line, Rehearsal, Tried, rehearse
from services.notifier.rehearsals.schemas import (
    ChangeSum,
    RehearsalIn,
    RehearsalLine,
    RehearsalOut,
    RehearsedLetter,
    RehearsedSum,
    StepSum,
    TriedWords,
)
from services.notifier.state import NotifierState, State
from services.notifier.templates.api.templates import checked
from services.notifier.templates.rendering.occasion import LetterTemplate
from services.notifier.templates.repository.templates import TemplateVersion
from shared.attendance.tiers import THRESHOLDS, Threshold
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.names import full_name
from shared.web.door import Router
from shared.web.openapi.refusals import refuses
from shared.web.service import SchoolInPath, requires

router = Router(tags=["letter policy"])

CHANGES: Final[tuple[Change, ...]] = get_args(Change)
TRIED: Final = 0
"""The version of words that are not saved."""


@router.post(
    "/v1/schools/{school}/letters/what-if",
    summary="See who would have got which letter in the last weeks",
    responses=refuses("bad-template"),
)
async def rehearse_letters(
    school: SchoolInPath, body: RehearsalIn, state: State, caller: Annotated[Principal, requires("star:read", role="manage")]
) -> RehearsalOut:
    """Plays the crossings of the last weeks through the rules of letters twice: by the choices in force, and by those of the request.
    Nothing is sent or changed. Roster, addresses and holds are today's, so neither side is a record of what went; the list of deliveries
    is. Differences come first."""
    caller.require_school(school)
    now = state.clock()
    since = now - timedelta(weeks=body.weeks)
    policy = body.policy.policy() if body.policy is not None else None
    tried = Tried(policy, _words(state, body.words, caller))
    async with state.engine.begin() as connection:
        defaults, texts = state.settings.policy_defaults, bool(state.settings.text_url)
        found = await rehearse(connection, school, tried, since, now, defaults, texts=texts)
        shown = sorted(found.lines, key=_by_change)[: body.limit]
        access = Access(action="rehearse-letters", school=school, students=sorted({line.student for line in shown}))
        await log_access(connection, caller, access, now)
    differences = Counter(line.change for line in found.lines)
    return RehearsalOut(
        since=since,
        crossings=found.crossings,
        before=_sum((line.threshold, line.before) for line in found.lines),
        after=_sum((line.threshold, line.after) for line in found.lines),
        changes=[ChangeSum(change=change, letters=differences[change]) for change in CHANGES],
        items=[_line(line, found) for line in shown],
        left_out=len(found.lines) - len(shown),
    )


def _words(state: NotifierState, words: Iterable[TriedWords], caller: Principal) -> dict[Threshold, dict[str, TemplateVersion]]:
    tried: dict[Threshold, dict[str, TemplateVersion]] = defaultdict(dict)
    now = state.clock()
    for one in words:
        checked(state, one.threshold, LetterTemplate(one.language, one.subject, one.body))
        tried[one.threshold][one.language] = TemplateVersion(TRIED, one.language, one.subject, one.body, None, caller.subject, now)
    return tried


def _by_change(line: Line) -> tuple[int, Threshold, str, str]:
    return CHANGES.index(line.change), line.threshold, line.student, line.term


def _sum(letters: Iterable[tuple[Threshold, LetterThen | None]]) -> RehearsedSum:
    there = [(threshold, letter) for threshold, letter in letters if letter is not None]
    going = [(threshold, letter) for threshold, letter in there if letter.outcome == "goes"]
    steps = Counter(threshold for threshold, _ in going)
    became = Counter(letter.outcome for _, letter in there)
    return RehearsedSum(
        letters=len(going),
        kept_back=became["awaiting-release"],
        no_contact=became["no-contact"],
        copies=sum(len(letter.copies) for _, letter in going),
        steps=[StepSum(threshold=threshold, letters=steps[threshold]) for threshold in THRESHOLDS],
    )


def _line(line: Line, found: Rehearsal) -> RehearsalLine:
    person = found.people.get(line.student_id)
    return RehearsalLine(
        student=line.student,
        student_id=line.student_id,
        name=full_name(person.given_name, person.family_name) if person is not None else None,
        year_level=person.year_level if person is not None else None,
        term=line.term,
        threshold=line.threshold,
        change=line.change,
        before=_letter(line.before),
        after=_letter(line.after),
    )


def _letter(letter: LetterThen | None) -> RehearsedLetter | None:
    return None if letter is None else RehearsedLetter.model_validate(letter, from_attributes=True)
