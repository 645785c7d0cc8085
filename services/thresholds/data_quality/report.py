"""The issues of a school's data of a term: everything missing or doubtful, for the school to mend. Pure.

It has no names: students are named by their keys.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args

import numpy as np

from services.thresholds.analysis.grid import decode, standing_marks
from services.thresholds.data_quality.day_findings import CodeUse, DayFindings, Finding, Gap, GapKind
from services.thresholds.data_quality.lost_messages import LostMessages
from services.thresholds.data_quality.repository.reported_letters import ReportedLetter
from services.thresholds.data_quality.repository.students import StudentContacts
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.enrolment import Enrolment

IssueKind = Literal[
    "unmarked",
    "unmarked-period",
    "unexplained",
    "count-differs",
    "retired-code",
    "unknown-code",
    "no-caregiver",
    "no-address",
    "unknown-student",
    "not-on-roll",
    "dead-letter",
    "lost-messages",
]
ISSUE_KINDS: Final[tuple[IssueKind, ...]] = get_args(IssueKind)

EXPLAIN_WITHIN: Final = timedelta(days=7)
"""A `?` older than this is reported. It stays a `?`: no clock may make a truancy of it (the Ministry, 2023)."""

IssueKey = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing to mend: of a student, or of the whole school where `student` is None.

    `count` is in half days (`unmarked`), periods (`unmarked-period`), days (`count-differs`), or else
    marks or records. `ref` distinguishes issues of one kind,
    student and day from each other.
    """

    kind: IssueKind
    student: str | None
    day: date | None
    count: int
    detail: str
    ref: str = ""

    @property
    def key(self) -> IssueKey:
        """Its place in the order of the report; no two issues share one."""
        return (self.kind, self.student or "", self.day.isoformat() if self.day else "", self.ref)


def report(
    term: Term,
    calendar: SchoolCalendar,
    codes: CodeTable,
    now: datetime,
    *,
    roster: Sequence[StudentContacts],
    marks: Mapping[str, bytes],
    letters: Iterable[ReportedLetter],
    lost: Iterable[LostMessages] = (),
    enrolments: Mapping[str, Enrolment] | None = None,
) -> list[Issue]:
    """All issues of a school and term, in the order of their keys. `marks` are the packed rows by student."""
    on_roll = {row.student for row in roster}
    unknown = sorted(marks.keys() - on_roll)
    standing = dict(zip(unknown, standing_marks([marks[student] for student in unknown]).tolist(), strict=True))
    # A student without a mark that stands, whom nobody sent, is not there.
    students = [*on_roll, *(student for student in unknown if standing[student])]
    enrolled = [(enrolments or {}).get(student) for student in students]
    findings = DayFindings(term, calendar, codes, now, enrolled)
    gaps = _Gaps(findings.days, findings.ended)
    issues = [
        Issue("unknown-student", student, None, count, "marks, but no such student was sent")
        for student, count in standing.items()
        if count
    ]
    for student, days in zip(students, _days_of([marks.get(student, b"") for student in students], term, findings), strict=True):
        # A student who is not on the roll may have left after the last mark. If no roll was ever sent, that says nothing.
        gaps.begin(student, days.first, days.last, may_have_left=student not in on_roll and bool(on_roll))
        issues += _of_student(student, days.findings, findings, gaps, calendar.today(now))
    issues += gaps.issues()
    issues += _of_roster(roster)
    issues += [_of_letter(letter, calendar) for letter in letters]
    issues += [Issue("lost-messages", None, calendar.today(gap.found_at), gap.messages, gap.detail, ref=str(gap.id)) for gap in lost]
    return sorted(issues, key=lambda issue: issue.key)


@dataclass(frozen=True, slots=True)
class _StudentDays:
    """A student's days: the places of the first and last with a mark (None without one), and the findings by place."""

    first: int | None
    last: int | None
    findings: Sequence[tuple[int, Finding]]


def _days_of(rows: Sequence[bytes], term: Term, findings: DayFindings) -> Iterator[_StudentDays]:
    """The days of each row."""
    grid = decode(rows, term, findings.days, marked_days=False)
    flags = np.zeros(grid.kinds.shape, dtype=np.bool_)
    distinct, which = grid.each(findings.shape_of, flags, lambda kind, shape, _: findings.of(grid.values[kind], shape))
    marked = np.asarray([bool(values) for values in grid.values], dtype=np.bool_)[grid.kinds]
    with_findings = np.asarray([not day.is_empty for day in distinct], dtype=np.bool_)[which]
    for row in range(len(rows)):
        places = np.flatnonzero(marked[row]).tolist()
        days = np.flatnonzero(with_findings[row])
        yield _StudentDays(
            places[0] if places else None,
            places[-1] if places else None,
            [(index, distinct[kind]) for index, kind in zip(days.tolist(), which[row, days].tolist(), strict=True)],
        )


def _of_student(student: str, days: Iterable[tuple[int, Finding]], findings: DayFindings, gaps: "_Gaps", today: date) -> Iterable[Issue]:
    uses: dict[CodeUse, list[int]] = {}
    outside: dict[int, int] = {}
    for index, finding in days:
        if finding.gaps:
            gaps.add(index, finding.gaps)
        if finding.unexplained and findings.days[index] < today - EXPLAIN_WITHIN:
            day = findings.days[index]
            yield Issue("unexplained", student, day, finding.unexplained, "still ?: to be explained, or marked with the code that is right")
        if finding.outside:
            outside[index] = finding.outside
        if finding.differs:
            yield Issue("count-differs", student, findings.days[index], 1, finding.differs)
        for code in finding.codes:
            use = findings.use(code, index)
            if use is not None:
                uses.setdefault(use, []).append(index)
    if outside:
        where = _spans(findings.days, [(index, "") for index in outside])
        yield Issue("not-on-roll", student, None, sum(outside.values()), f"marks before joining or after leaving do not count: {where}")
    for use, times in uses.items():
        where = _spans(findings.days, [(index, "") for index in dict.fromkeys(times)])
        yield Issue(use.kind, student, None, len(times), f"{use.detail}: {where}", ref=use.code)


def _of_roster(roster: Iterable[StudentContacts]) -> Iterable[Issue]:
    for student, caregivers, addresses in roster:
        if not caregivers:
            yield Issue("no-caregiver", student, None, 1, "no caregiver was sent: nobody can be written to")
        elif not addresses:
            yield Issue("no-address", student, None, caregivers, "no caregiver has an e-mail address that a letter may go to")


def _of_letter(letter: ReportedLetter, calendar: SchoolCalendar) -> Issue:
    detail = f"{letter.reason}: kept by {letter.service} from {letter.topic} as {letter.id}"
    return Issue("dead-letter", None, calendar.today(letter.reported_at), letter.count, detail, ref=str(letter.id))


class _Gaps:
    """Gaps in the marks, student by student. A gap that everybody has becomes one issue of the day."""

    def __init__(self, days: Sequence[date], ended: int) -> None:
        self._days = days
        self._ended = ended
        self._gaps: list[tuple[str, int, list[tuple[int, Gap]]]] = []
        self._together: Counter[tuple[int, Gap]] = Counter()
        self._students_until: Counter[int] = Counter()
        self._until = 0

    def begin(self, student: str, first: int | None, last: int | None, *, may_have_left: bool) -> None:
        """The next student, and the places of the first and last day with a mark of them."""
        self._until = min(-1 if last is None else last, self._ended - 1) + 1 if may_have_left else self._ended
        self._students_until[self._until] += 1
        self._gaps.append((student, len(self._days) if first is None else first, []))

    def add(self, index: int, gaps: Iterable[Gap]) -> None:
        """The gaps of a day. Days that have not ended, or on which the student may have left, do not count."""
        if index < self._until:
            for gap in gaps:
                self._gaps[-1][2].append((index, gap))
                self._together[index, gap] += 1

    def issues(self) -> Iterable[Issue]:
        """The issues, once every student has been added."""
        expected = [sum(count for until, count in self._students_until.items() if until > index) for index in range(self._ended)]
        of_everybody = {place for place, students in self._together.items() if students == expected[place[0]] > 1}
        for index, gap in of_everybody:
            count = self._together[index, gap]
            detail = f"nobody is marked: {count} students{f', {gap.part}' if gap.part else ''}"
            yield Issue(gap.kind, None, self._days[index], gap.count * count, detail)
        for student, first, gaps in self._gaps:
            for kind in ("unmarked", "unmarked-period"):
                own = [(index, gap) for index, gap in gaps if gap.kind == kind and (index, gap) not in of_everybody]
                if own:
                    yield self._issue(kind, student, first, own)

    def _issue(self, kind: GapKind, student: str, first: int, own: Sequence[tuple[int, Gap]]) -> Issue:
        before = _spans(self._days, [(index, gap.part) for index, gap in own if index < first])
        after = _spans(self._days, [(index, gap.part) for index, gap in own if index >= first])
        if first == len(self._days):
            detail = f"no mark in this term: {before}"
        else:
            detail = "; ".join(text for text in (f"{before} (before the first mark)" if before else "", after) if text)
        return Issue(kind, student, None, sum(gap.count for _, gap in own), detail)


def _spans(days: Sequence[date], places: Iterable[tuple[int, str]]) -> str:
    """Days in words, school days in a row with the same part together: `2026-10-12 to 2026-10-14, 2026-10-16 PM`."""
    spans: list[tuple[int, int, str]] = []
    for index, part in places:
        if spans and spans[-1][1] == index - 1 and spans[-1][2] == part:
            spans[-1] = (spans[-1][0], index, part)
        else:
            spans.append((index, index, part))
    return ", ".join(f"{days[start]}{f' to {days[end]}' if end > start else ''}{f' {part}' if part else ''}" for start, end, part in spans)
