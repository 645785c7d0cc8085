"""Who gets letters."""

from services.notifier.contacts.recipients import Recipient, recipients
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
