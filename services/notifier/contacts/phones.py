"""Telephone numbers that a text message can go to. Pure: the numbering plans come with the library."""

from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

REGION: Final = "NZ"
"""Where a number without a country's code is read as being from."""

_TAKE_TEXTS: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


def usable_phone(phone: str | None) -> str | None:
    """The number in the form of E.164 (`+64210000000`); None when it is none, or one that takes no texts.

    A number with words beside it is None: letters stand for digits on old telephones.
    """
    if phone is None or any(character.isalpha() for character in phone):
        return None
    try:
        number = phonenumbers.parse(phone, REGION)
    except NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in _TAKE_TEXTS:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
