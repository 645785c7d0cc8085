"""Recipients of letters."""

from services.notifier.contacts.recipients import Reach, Recipient, reach_of, recipients
from shared.events.data import Caregiver


def test_only_those_who_want_letters_and_can_get_them() -> None:
    found = recipients(
        [
            Caregiver(name="Mere", email="mere@example.test"),
            Caregiver(name="Wiremu", email="wiremu@example.test", notify=False),
            Caregiver(name="Hana", email=None),
            Caregiver(name="Rangi", email="not an address"),
        ]
    )

    assert found == (Recipient("mere@example.test", ("Mere",)),)


def test_one_letter_an_address_whatever_its_case() -> None:
    found = recipients(
        [
            Caregiver(name="Mere", email="Home@example.test"),
            Caregiver(name="Wiremu", email="home@EXAMPLE.test"),
            Caregiver(name="Mere", email="home@example.test"),
            Caregiver(name="Hana", email="hana@example.test"),
        ]
    )

    assert found == (Recipient("Home@example.test", ("Mere", "Wiremu")), Recipient("hana@example.test", ("Hana",)))


def test_each_caregiver_has_a_way_or_the_reason_why_there_is_none() -> None:
    mere = Caregiver(name="Mere", email="mere@example.test", phone="021 123 4567")
    hana = Caregiver(name="Hana", phone="04 123 4567")
    silent = Caregiver(name="Pita", email="pita@example.test", notify=False)
    bad = {"mere@example.test"}
    assert reach_of([mere, hana, silent]) == (
        Reach(mere, "email", "mere@example.test"),
        Reach(hana, why="no-address"),
        Reach(silent, why="not-wanted"),
    )
    assert reach_of([mere], bad=bad) == (Reach(mere, why="came-back"),)
    assert reach_of([mere], bad=bad, texts=True) == (Reach(mere, "text", "+64211234567"),)
