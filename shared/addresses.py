"""Whether an address can be written to: one judgement for the letters and for the report of a school's data. Pure."""

import re
from typing import Final

from email_validator import EmailNotValidError, validate_email

_NOBODY: Final = re.compile(
    r"(?:none|null|nil|unknown|no[-_.]?(?:e[-_.]?)?mail|no[-_.]?address|not[-_.]?(?:given|known|provided|supplied))[0-9]*", re.IGNORECASE
)
"""Local parts with which offices fill in an address that a form asks for, as in `noemail@example.nz`: the domain is a stranger's."""

INVALID: Final = ".invalid"
TEST: Final = ".test"


def usable_address(address: str | None) -> str | None:
    """The e-mail address as it goes to the mail server, its domain in ASCII; None when it can't be one.

    A text that stands for no address (`none@example.nz`) is none. Domains set apart for examples and tests count as usable: nothing but a
    mail server knows where they lead. Nobody is asked over the network.
    """
    if address is None:
        return None
    local, at, domain = address.strip().rpartition("@")
    if _NOBODY.fullmatch(local):
        return None
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


def address_key(address: str) -> str:
    """The form that all spellings of one usable address share."""
    return address.casefold()
