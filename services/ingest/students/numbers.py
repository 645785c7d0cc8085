"""National student numbers as schools have them. Pure."""

from typing import Final

DIGITS: Final = 10


def national_number(digits: str | None) -> str | None:
    """The number, padded to ten digits.

    None for one that stands for none: offices fill in 0 or 9999999999 where a form asks for a number, and whoever shares such a number
    with another child must not be taken for that child.
    """
    if digits is None or not digits.strip("0") or (len(digits) == DIGITS and len(set(digits)) == 1):
        return None
    return digits.zfill(DIGITS)
