"""To whom of a student's caregivers a letter may go."""

import pytest

from services.notifier.contacts.correspondents import Decisions, correspondents, may_receive, verdict_on
from shared.events.data import Caregiver

MUM = Caregiver(name="Ana", email="ana@example.nz", role="Mother", status="Active")
DAD = Caregiver(name="Hemi", email="hemi@example.nz", phone="021 123 4567")


def names(*caregivers: Caregiver, decisions: Decisions | None = None) -> list[str]:
    return [caregiver.name for caregiver in correspondents(caregivers, decisions or {})]


def test_harmless_words_or_none_let_a_letter_go() -> None:
    assert names(MUM, DAD) == ["Ana", "Hemi"]


@pytest.mark.parametrize(
    "caregiver",
    [
        Caregiver(name="Hemi", email="h@example.nz", status="Access by court order only"),
        Caregiver(name="Hemi", email="h@example.nz", role="Purple"),
        Caregiver(name="Hemi", email="h@example.nz", status="Active", role="Emergency contact"),
        Caregiver(name="Hemi", email="h@example.nz", notify=False),
        Caregiver(name="Hemi - no contact", email="h@example.nz"),
    ],
)
def test_others_get_none(caregiver: Caregiver) -> None:
    assert names(MUM, caregiver) == ["Ana"]


def test_a_mailbox_shared_with_somebody_who_must_not_be_written_to_is_shut() -> None:
    shared = Caregiver(name="Hemi", email="ANA@example.nz", status="No contact")
    assert names(MUM, shared, DAD) == ["Hemi"]
    assert names(DAD, Caregiver(name="H", phone="+64 21 123 4567", status="Purple")) == []
    # That a mother is listed for emergencies as well, or that an entry wants no letters, shuts nothing.
    assert names(MUM, Caregiver(name="Ana", email="ana@example.nz", role="Emergency")) == ["Ana"]
    assert names(MUM, Caregiver(name="Ana", email="ana@example.nz", notify=False)) == ["Ana"]


def test_a_decision_counts_for_all_spellings_but_never_against_protection() -> None:
    purple = Caregiver(name="P", email="p@example.nz", status="PURPLE!")
    assert names(purple, decisions={"purple": "write"}) == ["P"]
    assert names(purple, decisions={"purple": "never"}) == []
    assert names(MUM, decisions={"mother": "never"}) == []
    assert verdict_on("No contact", {"no contact": "write"}) == "never"
    assert verdict_on("Emergency", {"emergency": "write"}) == "never"
    assert verdict_on("Purple", {}) == "undecided"


def test_a_written_letter_may_still_go_while_its_recipient_is_one() -> None:
    assert may_receive("ANA@example.nz", [MUM])
    assert may_receive("+64211234567", [DAD])
    assert not may_receive("ana@example.nz", [DAD])
    assert not may_receive("ana@example.nz", [MUM, Caregiver(name="H", email="ana@example.nz", status="trespassed")])
