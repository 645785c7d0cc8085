"""Mail to staff."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.notifier.templates.rendering.staff import DigestMail, Movement, PlanReview, StaffLetters
from tests.unit.services.notifier.templates.rendering.pages import Page

STAFF_LETTERS = StaffLetters()
DAY = date(2026, 11, 20)


def test_the_plans_review() -> None:
    written = STAFF_LETTERS.plan_review(PlanReview("Ōtaki Example College", 2, date(2027, 2, 1)))

    assert written.subject == "Your Attendance Management Plan’s review falls due on 1 February 2027"
    said = (
        "The review of the Attendance Management Plan of Ōtaki Example College falls due on 1 February 2027. "
        "That is the day named in version 2, the one that is published now."
    )
    assert said in " ".join(written.text.split())
    assert said in Page(written.html).run_on
    assert "staff of Ōtaki Example College" in " ".join(written.text.split())


def test_the_digest_is_a_table_of_movements_both_ways() -> None:
    moved = [
        Movement("Tāne Example", 9, "green", "yellow", 11),
        Movement("Hana Sample", None, "red", "orange", 28),
        Movement("Aroha Made-Up", 13, "yellow", "red", 30),
    ]

    written = STAFF_LETTERS.digest(DigestMail("Ōtaki Example College", DAY, moved))

    assert written.subject == "Attendance on 20 November 2026: 3 students changed tier"
    assert "- Aroha Made-Up (Year 13): yellow to red, days absent: 15\n- Hana Sample: red to orange, days absent: 14\n" in written.text
    assert "- Tāne Example (Year 9): green to yellow, days absent: 5.5\n" in written.text
    page = Page(written.html)
    assert page.tags.count("table") == 1
    assert [attributes["scope"] for tag, attributes in page.elements if tag == "th"] == ["col"] * 5 + ["row"] * 3
    assert "Student Year From To Days Aroha Made-Up 13 yellow red 15 Hana Sample red orange 14 Tāne Example 9 green yellow 5.5" in page.text


def test_one_student_and_none() -> None:
    one = STAFF_LETTERS.digest(DigestMail("Ōtaki Example College", DAY, [Movement("Tāne Example", 9, "green", "yellow", 11)]))
    none = STAFF_LETTERS.digest(DigestMail("Ōtaki Example College", DAY, []))

    assert one.subject == "Attendance on 20 November 2026: 1 student changed tier"
    assert none.subject == "Attendance on 20 November 2026: no student changed tier"
    assert "No student of Ōtaki Example College changed tier" in none.text
    assert "table" not in Page(none.html).tags


@given(name=st.text(max_size=50), school=st.text(max_size=50))
def test_no_name_breaks_out_of_its_place(name: str, school: str) -> None:
    plain = Page(STAFF_LETTERS.digest(DigestMail("School", DAY, [Movement("Name", 9, "green", "yellow", 11)])).html)

    written = STAFF_LETTERS.digest(DigestMail(school, DAY, [Movement(name, 9, "green", "yellow", 11)]))

    assert Page(written.html).tags == plain.tags
    assert "\n" not in written.subject


def test_the_digest_names_the_term_and_lists_terms_that_are_over_apart() -> None:
    moved = [
        Movement("Tāne Example", 9, "green", "yellow", 11, "2027-T1"),
        Movement("Hana Sample", None, "red", "orange", 28, "2026-T4"),
        Movement("Aroha Made-Up", 13, "orange", "yellow", 18, "2026-T4"),
        Movement("Kiri Made-Up", 13, "yellow", "green", 8, "2026-T3"),
    ]

    written = STAFF_LETTERS.digest(DigestMail("Ōtaki Example College", date(2027, 2, 4), moved, "2027-T1"))

    assert written.subject == "Attendance on 4 February 2027: 1 student changed tier, and 3 students in terms that are over"
    says = " ".join(written.text.split())
    assert "1 student of Ōtaki Example College changed tier in Term 1 since the digest before this one." in says
    running, _, past = says.partition("Term 4 of 2026, which is over: 2 students changed tier")
    assert "Tāne Example" in running
    assert past.index("Hana Sample") < past.index("Aroha Made-Up") < past.index("Term 3 of 2026") < past.index("Kiri Made-Up")
    assert Page(written.html).tags.count("table") == 3


def test_a_digest_of_corrections_alone() -> None:
    moved = [Movement("Hana Sample", None, "red", "orange", 28, "2026-T4")]
    written = STAFF_LETTERS.digest(DigestMail("Ōtaki Example College", date(2027, 2, 4), moved, "2027-T1"))
    assert written.subject == "Attendance on 4 February 2027: no student changed tier, and 1 student in terms that are over"
    assert Page(written.html).tags.count("table") == 1
