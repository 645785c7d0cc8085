"""The cases of the proving ground: what to do in the maker's system, what is then right, and the rule that makes it so. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from deploy.conformance.expectations import (
    DayCounts,
    Expectation,
    HasTimetable,
    Known,
    ManyCount,
    MarkIs,
    OutageBorne,
    Pushed,
    RecordIs,
    SchoolHas,
    TermCounts,
    WrittenTo,
)
from deploy.conformance.ground import PERIODS, Ground

Door = Literal["rest", "kamar"]

ROLL: Final = tuple(f"CON-{number:02}" for number in range(1, 13))
NAMES: Final = ("Ana", "Ben", "Cat", "Dan", "Eve", "Fin", "Gus", "Hana", "Ivo", "Joy", "Kit", "Lou")
BATCH: Final = tuple(f"BAT-{number:03}" for number in range(1, 501))
BATCH_SESSIONS: Final = 10
KAMAR: Final = ("70001", "70002", "70003")


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `steps` are for the person at the maker's system; `page` is where the rule stands."""

    name: str
    title: str
    steps: Sequence[str]
    rule: str
    page: str
    expects: Sequence[Expectation]


def is_absent(student: int, session: int) -> bool:
    """Whether the batch has the student absent in a session of week 1, both counted from 0."""
    return (student + session) % 7 == 0


def cases(ground: Ground, door: Door) -> list[Case]:
    """The cases of a door, in the order in which they are played."""
    return _rest(ground) if door == "rest" else _kamar(ground)


def _rest(ground: Ground) -> list[Case]:
    day = ground.day
    calendar = ground.calendar()
    return [
        Case(
            "calendar",
            "The school and its calendar",
            [
                f"Send the school: the term {ground.term} from {ground.start} to {ground.end} (`terms`), closed on {ground.closed_day} "
                f"(`closed_days`), open in the morning only on {ground.half_day} (`half_days`).",
                *(
                    [f"These public holidays are school days here: {', '.join(calendar['open_days'])} (`open_days`)."]
                    if calendar["open_days"]
                    else []
                ),
            ],
            "A day counts if the school's calendar has it open. Without the calendar no mark is accepted.",
            "docs/how-to/post-marks.md",
            [SchoolHas({name: calendar[name] for name in ("terms", "closed_days", "half_days", "open_days")})],
        ),
        Case(
            "roster",
            "Twelve students",
            [
                *(
                    f"{key}: {NAMES[place]} Case, year {9 if place < 6 else 10}, group {'9A' if place < 6 else '10B'}."
                    for place, key in enumerate(ROLL)
                ),
                "CON-02 has two caregivers: Kim Case, kim@example.org; and Lee Case, lee@example.org, with the status 'No contact'.",
            ],
            "A student keeps one key for ever. What your system knows about contact restrictions goes along as `status` and `role`: "
            "whoever is restricted gets no letter.",
            "docs/how-to/follow-up-letters.md",
            [
                *(
                    Known(key, f"{NAMES[place]} Case", 9 if place < 6 else 10, ["9A" if place < 6 else "10B"])
                    for place, key in enumerate(ROLL)
                ),
                WrittenTo("CON-02", "Kim Case", yes=True),
                WrittenTo("CON-02", "Lee Case", yes=False),
            ],
        ),
        Case(
            "roll",
            "A roll",
            [
                f"Mark all twelve present (P), morning and afternoon of {day(1, 'Mon')}; "
                "but CON-01 ill (M) in the morning, and CON-03 explained and not approved (E) all day."
            ],
            "An absent session is a half day. `recorded_at` is when the mark was made.",
            "docs/reference/day-rule.md",
            [
                DayCounts("CON-01", day(1, "Mon"), 1),
                DayCounts("CON-03", day(1, "Mon"), 2),
                *(DayCounts(key, day(1, "Mon"), 0) for key in ROLL if key not in {"CON-01", "CON-03"}),
            ],
        ),
        Case(
            "late-correction",
            "A reason that comes later",
            [
                f"On {day(1, 'Tue')} mark CON-04 unknown (?) in the morning and present in the afternoon. Let your system send it.",
                "Then change the morning to illness (M), and let your system send that.",
            ],
            "The mark with the latest `recorded_at` counts, whatever the order in which they arrive.",
            "docs/how-to/post-marks.md",
            [MarkIs("CON-04", day(1, "Tue"), "AM", "M"), MarkIs("CON-04", day(1, "Tue"), "PM", "P"), DayCounts("CON-04", day(1, "Tue"), 1)],
        ),
        Case(
            "take-back",
            "A mark that is taken back",
            [
                f"On {day(1, 'Wed')} mark CON-05 truant (T) in the morning and present in the afternoon. Let your system send it.",
                "Then delete the morning's mark.",
            ],
            "A deleted mark is sent with `code` null; silence leaves it as it was.",
            "docs/how-to/post-marks.md",
            [
                MarkIs("CON-05", day(1, "Wed"), "PM", "P"),
                MarkIs("CON-05", day(1, "Wed"), "AM", None),
                DayCounts("CON-05", day(1, "Wed"), 0),
            ],
        ),
        Case(
            "crossing",
            "Five days reached, and taken back",
            [
                f"CON-06 is absent (E) all day on {day(2, 'Mon')}, {day(2, 'Tue')}, {day(2, 'Wed')}, {day(2, 'Thu')} and {day(3, 'Mon')}. "
                "Let your system send it: that is five days, and a record opens.",
                f"Then correct {day(3, 'Mon')} to present, morning and afternoon.",
            ],
            "A correction counts at once, also below a threshold: the record is withdrawn.",
            "docs/how-to/work-with-star-records.md",
            [RecordIs("CON-06", 5, "withdrawn"), DayCounts("CON-06", day(3, "Mon"), 0), TermCounts("CON-06", 8, 6)],
        ),
        Case(
            "half-day",
            "A half-day opening",
            [f"On {ground.half_day} the school is open in the morning only. CON-07 is ill (M): mark what your system marks on such a day."],
            "On a half-day opening one half day counts, also where both sessions are marked.",
            "docs/reference/day-rule.md",
            [DayCounts("CON-07", ground.half_day, 1)],
        ),
        Case(
            "timetable",
            "Periods from the middle of the term",
            [
                f"From {ground.periods_from} the school marks five periods of 60 minutes. Send the school with a timetable from that day.",
                f"CON-08 is truant (T) in periods 1 to 3 of {day(4, 'Mon')}, present in 4 and 5; truant in period 1 of {day(4, 'Tue')} and "
                f"present in the others; truant in periods 1 to 4 of {day(4, 'Wed')} and present in 5.",
            ],
            "240 minutes present are two half days, 120 one. Days before keep the timetable that they had.",
            "docs/reference/day-rule.md",
            [
                HasTimetable(ground.periods_from, len(PERIODS)),
                DayCounts("CON-08", day(4, "Mon"), 1),
                DayCounts("CON-08", day(4, "Tue"), 0),
                DayCounts("CON-08", day(4, "Wed"), 2),
            ],
        ),
        Case(
            "leaver",
            "A student who leaves",
            [
                f"CON-09 is ill (M) all day on {day(3, 'Mon')}, {day(3, 'Tue')}, {day(3, 'Wed')} and {day(3, 'Thu')}.",
                f"Then enter {day(3, 'Wed')} as the last day of CON-09, and let your system send it.",
            ],
            "Days after `leaves_on` do not count.",
            "docs/reference/day-rule.md",
            [TermCounts("CON-09", 6, 5)],
        ),
        Case(
            "returner",
            "A student who comes back",
            [
                f"CON-10 leaves on {day(2, 'Wed')}; let your system send it. Then CON-10 starts again on {day(5, 'Mon')}: the same key.",
                f"CON-10 is absent (E) all day on {day(2, 'Mon')}, and all five periods of {day(4, 'Thu')} and of {day(5, 'Mon')}.",
            ],
            "A start after the last day means that the student came back: the days between do not count.",
            "docs/reference/day-rule.md",
            [TermCounts("CON-10", 4, 4)],
        ),
        Case(
            "duplicate",
            "One child entered twice",
            [
                f"CON-11 is ill (M) all day on {day(1, 'Thu')}.",
                f"A second entry of the same child, CON-99: Kit Case, year 10, is ill (M) all day on {day(1, 'Fri')}.",
                "Merge the two in your system, so that CON-11 stays; or say it to the engine: POST /v1/schools/9900/merged-students "
                '{"student": "CON-99", "into": "CON-11"}.',
            ],
            "One child has one total, whichever key a mark came under.",
            "docs/how-to/say-who-is-who.md",
            [TermCounts("CON-11", 4, 3)],
        ),
        Case(
            "batch",
            "Five thousand marks",
            [
                "Import the marks of the file that `star conform batch` writes (500 students, week 1), and let your system send them as it "
                "sends a whole term.",
            ],
            "A request takes up to 5,000 marks, or any number as NDJSON. Each refused mark is listed by its place.",
            "docs/how-to/post-marks.md",
            [ManyCount({key: sum(is_absent(place, session) for session in range(BATCH_SESSIONS)) for place, key in enumerate(BATCH)})],
        ),
        Case(
            "outage",
            "Our door is closed for a while",
            [
                "Run `star conform outage`: for a minute the door answers 503.",
                f"Meanwhile mark CON-12 absent (E) in all five periods of {day(6, 'Fri')}, and wait until your system has sent it.",
            ],
            "After 503, or no answer, send the same again; wait as long as `Retry-After` says. Marks that come twice count once.",
            "docs/how-to/post-marks.md",
            [OutageBorne(), DayCounts("CON-12", day(6, "Fri"), 2)],
        ),
    ]


def _kamar(ground: Ground) -> list[Case]:
    day = ground.day
    return [
        Case(
            "kamar-roster",
            "A push of students",
            [
                "Send the school and its timetable first, as in the cases `calendar` and `timetable`: KAMAR does not push these.",
                "Push a `full`, with 70001: Mia Case, year 9; 70002: Ned Case, year 9; 70003: Ora Case, year 10.",
            ],
            "A `full` is the whole roll: students whom it leaves out have left. A `part` has those who changed.",
            "docs/how-to/connect-kamar.md",
            [
                Pushed(["full", "part"]),
                *(Known(key, f"{name} Case", level, []) for key, name, level in zip(KAMAR[:2], ("Mia", "Ned"), (9, 9), strict=True)),
            ],
        ),
        Case(
            "kamar-attendance",
            "A push of attendance",
            [
                f"For {day(4, 'Thu')} push the codes TTTPP for 70001, PPPPP for 70002 and .TTTT for 70003.",
            ],
            "Each character is a slot of the timetable; a dot is no mark, and unmarked minutes count as present.",
            "docs/reference/day-rule.md",
            [
                Pushed(["attendance"]),
                DayCounts("70001", day(4, "Thu"), 1),
                DayCounts("70002", day(4, "Thu"), 0),
                DayCounts("70003", day(4, "Thu"), 2),
            ],
        ),
        Case(
            "kamar-correction",
            "A later push of the same day",
            [
                f"For {day(4, 'Fri')} push TTTTT for 70001; then, with a later `datetime`, PPPPP.",
            ],
            "The document with the later `datetime` counts.",
            "docs/how-to/connect-kamar.md",
            [MarkIs("70001", day(4, "Fri"), 1, "P"), DayCounts("70001", day(4, "Fri"), 0)],
        ),
        Case(
            "kamar-leaver",
            "A student who leaves",
            [
                f"Push MMMMM for 70003 on {day(5, 'Mon')} and {day(5, 'Thu')}; then a `part` with the leaving date {day(5, 'Wed')}.",
            ],
            "Days after the leaving date do not count.",
            "docs/how-to/connect-kamar.md",
            [TermCounts("70003", 4, 3)],
        ),
    ]
