"""Who gets a student's letters: caregivers who want them, and whose address can be one. Pure: nobody is asked over the network."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from email_validator import EmailNotValidError, validate_email

from services.notifier.models import Caregiver

INVALID: Final = ".invalid"
TEST: Final = ".test"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address, and the names of those whom letters reach there."""

    address: str
    names: tuple[str, ...]


def usable_address(address: str | None) -> str | None:
    """The address as it goes to the mail server, its domain in ASCII; None when it can't be one.

    Domains set apart for examples and tests count as usable: nothing but a mail server knows where they lead.
    """
    if address is None:
        return None
    local, at, domain = address.strip().rpartition("@")
    reserved = domain.lower().endswith(INVALID)
    if reserved:
        # The library lets `.test` pass in tests, but has no such word for its sibling.
        domain = domain[: -len(INVALID)] + TEST
    try:
        valid = validate_email(local + at + domain, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    host = valid.ascii_domain.removesuffix(TEST) + INVALID if reserved else valid.ascii_domain
    return f"{valid.local_part}@{host}"


def recipients(caregivers: Iterable[Caregiver]) -> tuple[Recipient, ...]:
    """The distinct addresses of those who are to be told, in the school's order; case is no difference."""
    found: dict[str, Recipient] = {}
    for caregiver in caregivers:
        address = usable_address(caregiver.email) if caregiver.notify else None
        if address is None:
            continue
        known = found.get(address.casefold(), Recipient(address, ()))
        names = known.names if caregiver.name in known.names else (*known.names, caregiver.name)
        found[address.casefold()] = Recipient(known.address, names)
    return tuple(found.values())
