"""A pile of letters on paper: the whole address stands in the window of the envelope."""

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.notifier.contacts.contact import School
from services.notifier.printings.printing import PaperLetter, Printing
from services.notifier.printings.setting import printing_pdf
from tests.support.pdfs import lowest_of

AT = datetime(2026, 11, 20, 2, tzinfo=UTC)
SCHOOL = School("0999", "Example School", "Pacific/Auckland", None, (), AT)
LONG = (
    "Te Rangihaeata Ngāhuia Wikitōria Featherstonehaugh-Cholmondeley\nc/- The Occupier of the Upper Flat\n"
    "Unit 14B, Kahikatea Gardens Retirement Village\n1234 State Highway 1 North\nRD 12\nWaikanae Beach\nKāpiti Coast 5391"
)


def printed(recipient: str) -> bytes:
    letter = PaperLetter(
        delivery=uuid.uuid4(),
        student_id=uuid.uuid4(),
        student="1",
        term="2026-T4",
        threshold=5,
        occasion=None,
        status="waiting",
        recipient=recipient,
        subject="Attendance",
        text="Kia ora",
        language="en",
        written_at=AT,
        is_stale=False,
        given_name="Aroha",
        family_name="Ātea",
        year_level=9,
        place=1,
    )
    return printing_pdf(Printing(uuid.uuid4(), "0999", "name", 1, AT, "office", None, None, None, None), [letter], SCHOOL, AT)


@pytest.mark.parametrize(("recipient", "least", "most"), [("Mere Example\n12 Example Street\nŌtaki 5391", 65, 80), (LONG, 80, 90)])
def test_the_postcode_shows_in_the_window_however_long_the_address(recipient: str, least: int, most: int, tmp_path: Path) -> None:
    assert least < lowest_of(printed(recipient), tmp_path, "5391", page=2) < most
