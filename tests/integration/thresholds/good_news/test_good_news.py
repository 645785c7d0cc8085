"""Terms without absence and days back at school, as staff list them, and the certificates."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.integration.thresholds.conftest import absences
from tests.integration.thresholds.records.staffroom import Staffroom

NEWS = "/v1/schools/0999/good-news"
CERTIFICATES = f"{NEWS}/certificates.pdf"

ENDED = 56
"""Half days of the term's school days that have ended: up to Thursday 19 November."""

WHOLE_TERM = 98
"""Half days of the whole term."""

AFTER_TERM = datetime(2026, 12, 19, 0, 0, tzinfo=UTC)


async def listed(staffroom: Staffroom, **more: Any) -> list[tuple[str, str, str]]:
    items = (await staffroom.ok("GET", NEWS, role="view", **more))["items"]
    return [(item["student"], item["news"], item["sentence"]) for item in items]


async def present(staffroom: Staffroom, student: str, first: int, until: int) -> None:
    await staffroom.heart.post(absences(until - first, student=student, code="P", first=first))


async def test_who_missed_nothing_and_who_is_back_are_listed_with_a_sentence(staffroom: Staffroom) -> None:
    for student in "12345":
        await staffroom.student(student, "9A", year_level=9)
    await present(staffroom, "1", 0, ENDED)
    # Five days in the first two weeks, and at school since.
    await staffroom.heart.post(absences(10, student="2"))
    await present(staffroom, "2", 10, ENDED)
    # The same, but for half a day of last week.
    await staffroom.heart.post(absences(10, student="3"))
    await present(staffroom, "3", 10, 48)
    await staffroom.heart.post(absences(1, student="3", first=48))
    await present(staffroom, "3", 49, ENDED)
    # Half a day away, no step reached.
    await staffroom.heart.post(absences(1, student="4"))
    await present(staffroom, "4", 1, ENDED)
    # The last day's roll is not marked.
    await present(staffroom, "5", 0, ENDED - 2)
    assert await listed(staffroom) == [
        ("1", "full-term", "Hemi Example 1 has missed no half day so far in Term 4 of 2026."),
        ("2", "back-on-track", "Hemi Example 2 has been at school for 23 school days since Mon 19 Oct, after reaching 5 days."),
        ("5", "full-term", "Hemi Example 5 has missed no half day so far in Term 4 of 2026. 2 half days are not marked."),
    ]
    assert await listed(staffroom, clear_days=24) == [item for item in await listed(staffroom) if item[0] != "2"]


async def test_days_that_nobody_marked_bring_nobody_back(staffroom: Staffroom) -> None:
    await staffroom.student("1")
    await staffroom.heart.post(absences(10, student="1"))
    await present(staffroom, "1", 10, 34)
    # Marked up to the 17th school day, and it is the 28th.
    assert await listed(staffroom) == []


async def test_a_dean_sees_their_own_students_and_the_log_says_whom(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A")
    await staffroom.student("2", "9B")
    for student in "12":
        await present(staffroom, student, 0, ENDED)
    assert [student for student, _, _ in await listed(staffroom, groups=["9A"])] == ["1"]
    assert [student for student, _, _ in await listed(staffroom, group="9B")] == ["2"]
    assert [line["students"] for line in await staffroom.audit(action="read-good-news")] == [["2"], ["1"]]
    assert await staffroom.refused("GET", NEWS, schools="0189") == (403, "another-school")


async def test_a_student_who_has_left_is_in_no_list(staffroom: Staffroom) -> None:
    await present(staffroom, "7", 0, ENDED)
    assert await listed(staffroom) == []


async def test_certificates_come_after_the_last_school_day_a_page_each(staffroom: Staffroom, tmp_path: Path) -> None:
    for student in "123":
        await staffroom.student(student, "9A")
    await present(staffroom, "1", 0, WHOLE_TERM)
    await present(staffroom, "2", 0, WHOLE_TERM)
    await present(staffroom, "3", 0, WHOLE_TERM - 1)
    assert await staffroom.refused("GET", CERTIFICATES) == (409, "term-running")
    staffroom.clock.now = AFTER_TERM
    answer = await staffroom.as_("dean", "view", "GET", CERTIFICATES)
    assert answer.headers["content-type"] == "application/pdf"
    (tmp_path / "certificates.pdf").write_bytes(answer.content)
    words = subprocess.run(["pdftotext", "-layout", tmp_path / "certificates.pdf", "-"], capture_output=True, text=True, check=True).stdout
    pages = [" ".join(page.split()) for page in words.rstrip("\f").split("\f")]
    assert len(pages) == 2
    assert "Hemi Example 1 has been at school for every half day that the school was open to them in Term 4 of 2026" in pages[0]
    assert "from 12 October 2026 to 18 December 2026" in pages[0]
    assert "Hemi Example 2" in pages[1]
    one = await staffroom.as_("dean", "view", "GET", CERTIFICATES, student="2")
    assert one.content != answer.content
    assert await staffroom.refused("GET", CERTIFICATES, student="3") == (404, "no-certificates")
