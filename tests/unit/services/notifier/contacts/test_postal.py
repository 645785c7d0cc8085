"""Postal addresses, and who gets a letter on paper."""

import pytest

from services.notifier.contacts.postal import envelope, home_key, home_of, postcode_of, same_home, usable_home
from services.notifier.contacts.recipients import Paper, recipients
from shared.events.data import Caregiver

HOME = "12 Example Street, Ōtaki 5512"
LINES = "12 Example Street\nŌtaki 5512"


@pytest.mark.parametrize(
    ("written", "usable"),
    [
        (HOME, LINES),
        ("Flat 2\r\n 12  Example Street \n\nŌtaki 5512", "Flat 2\n12 Example Street\nŌtaki 5512"),
        ("PO Box 12, Example, Ōtaki, 5512", "PO Box 12\nExample\nŌtaki\n5512"),
        ("12 Example Street", None),
        ("a, b, c, d, e, f, g", None),
        ("Do not post: 12 Example Street, Ōtaki 5512", None),
        ("Address withheld, Ōtaki", None),
        ("12 Court Road, Ōtaki 5512", "12 Court Road\nŌtaki 5512"),
        ("", None),
        (None, None),
    ],
)
def test_an_address_has_two_to_six_lines(written: str | None, usable: str | None) -> None:
    assert usable_home(written) == usable


def test_spellings_of_a_home_share_a_key() -> None:
    assert home_key("12 Example St.\nŌtaki  5512") == home_key("12 EXAMPLE ST, ŌTAKI, 5512")
    assert home_key("12 Example St\nŌtaki 5512") != home_key("12a Example St\nŌtaki 5512")


@pytest.mark.parametrize(
    "written",
    ["12 Example St, Otaki", "12 Example Street", "12 EXAMPLE STREET, Te Horo, Ōtaki, New Zealand", "Flat 2, 12 Example St, Ōtaki"],
)
def test_nothing_is_posted_to_the_home_of_somebody_barred_however_it_is_written(written: str) -> None:
    assert same_home(written, HOME)
    barred = Caregiver(name="Hemi Example", status="No contact", postal_address=written)
    assert recipients([SAM, barred], paper="unreached") == ()


@pytest.mark.parametrize("written", ["14 Example Street, Ōtaki", "12 Sample Street, Ōtaki", "Ōtaki", "PO Box 12, Ōtaki", "5512"])
def test_other_homes(written: str) -> None:
    assert not same_home(written, HOME)


@pytest.mark.parametrize(("address", "code"), [(LINES, "5512"), ("1234 Example Road\nŌtaki 5512", "5512"), ("RD 1\nŌtaki", ""), ("", "")])
def test_the_postcode_is_the_last_number_of_four_digits(address: str, code: str) -> None:
    assert postcode_of(address) == code


def test_an_envelope_has_the_names_on_its_first_line() -> None:
    assert envelope(["Mere Example", "Sam\nExample"], LINES) == f"Mere Example, Sam Example\n{LINES}"
    assert home_of(envelope(["Mere Example"], LINES)) == LINES


MERE = Caregiver(name="Mere Example", email="mere@example.test", postal_address=HOME)
SAM = Caregiver(name="Sam Example", postal_address="12 example street, ŌTAKI 5512")
AWAY = Caregiver(name="Away Example", postal_address="PO Box 9, Ōtaki 5543")
BARE = Caregiver(name="Bare Example")


@pytest.mark.parametrize(
    ("paper", "caregivers", "expected"),
    [
        ("no", [MERE, SAM], [("email", ("Mere Example",))]),
        ("unreached", [MERE, SAM, BARE], [("email", ("Mere Example",)), ("paper", ("Sam Example",))]),
        ("unreached", [SAM, AWAY], [("paper", ("Sam Example",)), ("paper", ("Away Example",))]),
        (
            "everybody",
            [MERE, SAM, AWAY],
            [("email", ("Mere Example",)), ("paper", ("Mere Example", "Sam Example")), ("paper", ("Away Example",))],
        ),
        ("everybody", [BARE], []),
    ],
)
def test_a_home_gets_one_letter(paper: Paper, caregivers: list[Caregiver], expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert [(one.channel, one.names) for one in recipients(caregivers, paper=paper)] == expected


def test_nothing_is_posted_to_a_home_of_somebody_who_must_not_be_written_to() -> None:
    barred = Caregiver(name="Other Example", status="no contact: protection order", postal_address=HOME)
    assert recipients([SAM, barred], paper="everybody") == ()
    assert recipients([SAM], elsewhere=[barred], paper="everybody") == ()
    # The e-mail of somebody who lives there goes to a mailbox of their own.
    assert [one.channel for one in recipients([MERE, barred], paper="everybody")] == ["email"]


def test_an_address_that_letters_came_back_from_gives_way_to_paper() -> None:
    assert [one.channel for one in recipients([MERE], bad={"mere@example.test"}, paper="unreached")] == ["paper"]
