"""Which addresses can be written to."""

import pytest

from services.notifier.contacts.recipients import recipients
from services.thresholds.roster.repository.students import may_be_written_to
from shared.addresses import address_key, usable_address
from shared.events.data import Caregiver


@pytest.mark.parametrize(
    ("address", "usable"),
    [
        ("mere@example.nz", "mere@example.nz"),
        ("  mere@Example.NZ ", "mere@example.nz"),
        ("mere@example.test", "mere@example.test"),
        ("mere@school.example", "mere@school.example"),
        ("mere@star.invalid", "mere@star.invalid"),
        ("mere@bücher.example", "mere@xn--bcher-kva.example"),
        ("mēre@example.nz", "mēre@example.nz"),
        ("o'neill+school@example.nz", "o'neill+school@example.nz"),
        (None, None),
        ("", None),
        ("none", None),
        ("none@none.com", None),
        ("NoEmail@example.nz", None),
        ("no.email2@example.nz", None),
        ("not_provided@example.nz", None),
        ("unknown@example.nz", None),
        ("nonee@example.nz", "nonee@example.nz"),
        ("mail@example.nz", "mail@example.nz"),
        ("mere@localhost", None),
        ("mere@@example.nz", None),
        ("mere ngata@example.nz", None),
        ("mere@example.nz, wiremu@example.nz", None),
        ("Mere <mere@example.nz>", None),
        ("mere@example.nz\r\nBcc: all@example.nz", None),
        ("mere@[127.0.0.1]", None),
    ],
)
def test_usable_addresses(address: str | None, usable: str | None) -> None:
    assert usable_address(address) == usable


def test_spellings_of_one_address() -> None:
    assert address_key("Mere@example.nz") == address_key("mERE@example.nz")
    assert address_key("mere@example.nz") != address_key("mere+school@example.nz")


@pytest.mark.parametrize("address", ["mere@example.nz", "mere@@example.nz", "a..b@example.nz", "mere@example.nz.", "x@y_z.example", None])
@pytest.mark.parametrize("notify", [True, False])
def test_the_report_and_the_letters_agree(address: str | None, notify: bool) -> None:
    caregiver = Caregiver(name="Mere", email=address, notify=notify)

    assert may_be_written_to(caregiver) == bool(recipients([caregiver]))
