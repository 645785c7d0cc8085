"""Events that can be read but fit into no upload. They go to the dead letters: uploaded, they would have the whole upload refused."""

from typing import Final

from shared.identifiers import school_number

UNFIT: Final = "unfit"
"""The reason of their dead letters."""


class UnfitEventError(Exception):
    """An event that can be read but not be uploaded. The message never quotes its data."""


def is_school_number(text: str) -> bool:
    """Whether the text is a school's number with all its four digits."""
    try:
        return school_number(text) == text
    except ValueError:
        return False


def checked_school(number: str) -> str:
    """The school's number. Raises UnfitEventError for what isn't one."""
    if not is_school_number(number):
        raise UnfitEventError("a school number has four digits")
    return number
