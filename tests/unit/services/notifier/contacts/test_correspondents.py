"""To whom of a student's caregivers a letter may go."""

import pytest
from msgspec.structs import replace

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
    purple = Caregiver(name="P", email="p@example.nz", status="PURPLE.")
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


@pytest.mark.parametrize(
    "listed",
    [
        Caregiver(name="Hemi Parata", status="No contact"),
        Caregiver(name="PARATA, Hemi", status="No contact"),
        Caregiver(name="Mr Hēmi Parata", status="No contact"),
        Caregiver(name="H. Parata", role="Emergency contact"),
        Caregiver(name="Hemi Tāmati Parata", notify=False),
        Caregiver(name="Hemi", role="Purple"),
        Caregiver(name="Dad", email=" HEMI@Example.nz", notify=False),
        Caregiver(name="Dad", phone="+64 21 123 4567", status="Former"),
        Caregiver(name="Hemi Parata (no contact)"),
    ],
)
def test_what_stops_a_letter_under_another_key_stops_it_to_that_person(listed: Caregiver) -> None:
    dad = Caregiver(name="Hemi Parata", email="hemi@example.nz", phone="021 123 4567")
    assert correspondents([MUM, dad], elsewhere=[listed]) == (MUM,)
    assert not may_receive("hemi@example.nz", [MUM, dad], elsewhere=[listed])
    assert correspondents([MUM, dad], elsewhere=[MUM]) == (MUM, dad)


def test_another_key_adds_nobody_and_stops_nobody_else() -> None:
    other = Caregiver(name="Rua Parata", email="rua@example.nz")
    assert correspondents([MUM], elsewhere=[other]) == (MUM,)
    assert correspondents([MUM], elsewhere=[replace(other, status="No contact"), DAD]) == (MUM,)
    her = Caregiver(name="Mrs Parata", email="p@example.nz")
    assert correspondents([her], elsewhere=[Caregiver(name="Mr Parata", status="No contact")]) == (her,)
    # A mother who is listed for emergencies as well is written to there; so is one beside whom somebody wants no letters.
    assert correspondents([MUM], elsewhere=[MUM, replace(MUM, role="Emergency")]) == (MUM,)
    assert correspondents([MUM], elsewhere=[MUM, Caregiver(name="Hemi", email="ana@example.nz", notify=False)]) == (MUM,)
    # An address of hers that wants none gets none, whatever goes to her other one.
    assert correspondents([MUM], elsewhere=[replace(MUM, notify=False), replace(MUM, email="new@example.nz")]) == ()


def test_the_schools_decisions_count_under_another_key_too() -> None:
    listed = Caregiver(name="Ana", email="ana@example.nz", role="Aunt")
    assert correspondents([MUM], {"aunt": "never"}, elsewhere=[listed]) == ()
    purple = replace(listed, role="Purple")
    assert (correspondents([MUM], elsewhere=[purple]), correspondents([MUM], {"purple": "write"}, elsewhere=[purple])) == ((), (MUM,))
