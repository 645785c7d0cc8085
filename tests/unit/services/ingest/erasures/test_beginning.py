"""The reason of an erasure stays on record, so it must not name anybody."""

from datetime import UTC, datetime

import pytest

from services.ingest.erasures.beginning import names
from shared.events.data import Caregiver, StudentUpdated
from shared.identifiers import student_id

STUDENT = StudentUpdated(
    school="0999",
    student="12345",
    student_id=student_id("0999", "12345"),
    given_name="Hēmi",
    family_name="Te Awa",
    nsn="0123456789",
    caregivers=[Caregiver(name="Mere Te Awa", email="mere@example.test", phone="+64211234567")],
    updated_at=datetime(2026, 10, 1, tzinfo=UTC),
)


@pytest.mark.parametrize(
    "why",
    [
        "Hēmi left for good",
        "asked for by the AWA family",
        "mere rang",
        "mail from mere@example.test",
        "NSN 0123456789 was wrong",
        "they rang from +64211234567",
    ],
)
def test_a_name_an_address_and_a_number_are_seen(why: str) -> None:
    assert names(why, STUDENT)


@pytest.mark.parametrize("why", ["the family asked on 3 November", "a duplicate of another student", "te reo class ended"])
def test_other_words_are_no_names(why: str) -> None:
    assert not names(why, STUDENT)
