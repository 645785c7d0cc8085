"""Letters as text messages, and the numbers that they go to."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.contacts.phones import usable_phone
from services.notifier.contacts.recipients import Recipient, recipients
from services.notifier.templates.rendering.occasion import Occasion
from services.notifier.templates.texts import MOST_SEGMENTS, Texts, segments
from shared.attendance.tiers import THRESHOLDS, Threshold
from shared.events.data import Caregiver


def occasion(school: str = "Otaki Example College", child: str = "Tane", half_days: int = 11) -> Occasion:
    return Occasion(
        child=child,
        names=["Mere Ngata"],
        absent_half_days=half_days,
        counted_at=datetime(2026, 11, 20, 2, 0, tzinfo=UTC),
        term="2026-T4",
        dates=None,
        school=school,
        contact_email=None,
        timezone="Pacific/Auckland",
    )


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("{" * 80, 1),
        ("{" * 81, 2),
        # 153 is odd: what takes two places does not fit the last one.
        ("{" * 152, 2),
        ("{" * 153, 3),
        ("ā" * 70, 1),
        ("ā" * 71, 2),
        ("ā" * 134, 2),
        ("ā" * 135, 3),
        ("a" * 133 + "ā", 2),
        ("à" * 160, 1),
        ("😀" * 35, 1),
        ("😀" * 66, 2),
        ("😀" * 67, 3),
    ],
)
def test_segments(text: str, count: int) -> None:
    assert segments(text) == count


def test_the_words() -> None:
    assert Texts().write(5, occasion("Ōtaki Example College", "Tāne")) == (
        "Ōtaki Example College: Tāne has been away 5.5 days in Term 4. Please ring the school office, or tell us if this is wrong."
    )
    assert Texts().write(10, occasion(half_days=20)) == (
        "Otaki Example College: Tane has been away 10 days in Term 4. Please ring the school office to plan together. Wrong? Tell us."
    )
    assert Texts().write(15, occasion(half_days=31)) == (
        "Otaki Example College: Tane has been away 15.5 days in Term 4. Please ring the school office soon. If this is wrong, tell us."
    )


def test_a_long_name_is_cut_the_schools_first() -> None:
    text = Texts().write(5, occasion("Te Kura Kaupapa Māori o " + "Tētahi Wāhi " * 20, "Tāne"))

    assert text.startswith("Te Kura Kaupapa")
    assert "...: Tāne has been away 5.5 days" in text
    assert segments(text) == 2


words = Texts()
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)


@settings(deadline=None)
@given(st.sampled_from(THRESHOLDS), names, names, st.integers(1, 200))
def test_no_name_makes_a_text_longer_than_it_may_be(threshold: Threshold, school: str, child: str, half_days: int) -> None:
    text = words.write(threshold, occasion(school, child, half_days))

    assert segments(text) <= MOST_SEGMENTS
    assert text.isprintable()
    assert f"{half_days / 2:g} day" in text


@pytest.mark.parametrize(
    ("phone", "usable"),
    [
        ("021 000 0000", "+64210000000"),
        ("+64 21 000 0000", "+64210000000"),
        ("0064 21 000 0000", "+64210000000"),
        ("(021) 000-0000", "+64210000000"),
        # As a spreadsheet leaves it, which took the nought for a number's.
        ("210000000", "+64210000000"),
        ("+61 491 570 156", "+61491570156"),
        ("03 555 0100", None),
        ("0800 000 000", None),
        ("021 000", None),
        ("021 000 0000 (Mum)", None),
        ("021 000 0000 / 027 000 0000", None),
        ("0210000000 ext 5", None),
        ("none", None),
        ("", None),
        (None, None),
    ],
)
def test_numbers_that_take_texts(phone: str | None, usable: str | None) -> None:
    assert usable_phone(phone) == usable


HOME = Caregiver(name="Mere", email="mere@example.test", phone="021 000 0000")
MOBILE = Caregiver(name="Hana", email=None, phone="027 000 0000")
LANDLINE = Caregiver(name="Rangi", email=None, phone="03 555 0100")
SILENT = Caregiver(name="Wiremu", email=None, phone="027 000 0001", notify=False)


def test_a_text_goes_to_those_whom_no_letter_reaches() -> None:
    everybody = [HOME, MOBILE, LANDLINE, SILENT]

    assert recipients(everybody, texts=True) == (
        Recipient("mere@example.test", ("Mere",)),
        Recipient("+64270000000", ("Hana",), "text"),
    )
    assert recipients(everybody) == (Recipient("mere@example.test", ("Mere",)),)


def test_an_address_that_letters_came_back_from_counts_for_none() -> None:
    assert recipients([HOME], bad={"mere@example.test"}) == ()
    assert recipients([HOME], bad={"mere@example.test"}, texts=True) == (Recipient("+64210000000", ("Mere",), "text"),)
