"""`star replay --apply` beside a running system: marks flow on, and what was lost comes back, counted and said once."""

import json
import threading
from collections import Counter
from typing import Final

from tests.e2e.school import School, eventually
from tests.support.processes import run_star
from tests.support.stack import ClusterStack

LOST: Final = [str(200 + number) for number in range(8)]
"""Their rows are gone before they have reached a threshold."""
CUT: Final = [str(300 + number) for number in range(8)]
"""Their rows have a threshold behind them, and have lost their marks."""
WELL: Final = [str(400 + number) for number in range(4)]
BEFORE: Final = {**dict.fromkeys(LOST, 8), **dict.fromkeys(CUT, 12), **dict.fromkeys(WELL, 8)}
FLOWING: Final = 8
"""Half days that come while the register is mended."""


def test_a_register_that_lost_marks_is_mended_while_marks_flow(school: School) -> None:
    school.enrol(list(BEFORE))
    for student, half_days in BEFORE.items():
        school.absent(student, half_days)
    eventually(school.totals, BEFORE)
    eventually(lambda: len(school.crossings()), len(CUT))
    where = f"school = '{school.number}' AND student IN"
    school.stack.sql(
        f"DELETE FROM thresholds.register WHERE {where} ({_quoted(LOST)})",
        # A row has its marks in one of two forms.
        "UPDATE thresholds.register SET marks = CASE WHEN marks IS NOT NULL THEN bytea '' END,"
        f" newest_first = CASE WHEN newest_first IS NOT NULL THEN bytea '' END WHERE {where} ({_quoted(CUT)})",
    )

    answers: list[int] = []
    flowing = threading.Thread(target=_flow, args=(school, answers))
    flowing.start()
    first = _replay(school)
    flowing.join()
    # Marks that came between its reading and its mending are in the register by themselves; a second look finds nothing.
    eventually(school.totals, {student: half_days + FLOWING for student, half_days in BEFORE.items()})
    last = _replay(school)

    assert first["mended"] >= len(LOST), first
    assert (last["lacking"], last["miscounted"], last["mended"]) == ([], [], 0)
    assert set(answers) == {202}
    said = school.crossings()
    assert [crossing for crossing, times in Counter(said).items() if times > 1] == []
    for student, before in BEFORE.items():
        for threshold in (5, 10, 15):
            ways = Counter(way for name, days, way, _ in said if (name, days) == (student, threshold))
            stands = int(before + FLOWING >= 2 * threshold)
            assert ways["up"] - ways["down"] == stands, (student, threshold, said)
    verified = json.loads(_star(school, "verify", "--json"))
    assert (verified["rows"], verified["differences"]) == (len(BEFORE), 0)


def _flow(school: School, answers: list[int]) -> None:
    """A half day more of every student, roll after roll."""
    for number in range(FLOWING):
        for student, before in BEFORE.items():
            answers.append(school.post([school.mark(student, before + number, "M")]).status_code)


def _replay(school: School) -> dict[str, object]:
    answer: dict[str, object] = json.loads(_star(school, "replay", "--apply", "--json"))
    return answer


def _star(school: School, *words: str) -> str:
    environment = school.stack.environment if isinstance(school.stack, ClusterStack) else {}
    return run_star([*words, "--data", str(school.stack.data), "--school", school.number], environment)


def _quoted(students: list[str]) -> str:
    return ", ".join(f"'{student}'" for student in students)
