"""Keys from words. Pure."""

import re
import unicodedata
from collections.abc import Collection
from typing import Final

LONGEST: Final = 60
_OTHER: Final = re.compile(r"[^a-z0-9]+")


def slug_of(text: str, taken: Collection[str]) -> str:
    """A key of small letters, digits and hyphens that nothing has yet: "Hui with whānau" is `hui-with-whanau`."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    slug = _OTHER.sub("-", plain).strip("-")[:LONGEST].strip("-") or "activity"
    number, found = 2, slug
    while found in taken:
        found, number = f"{slug}-{number}", number + 1
    return found
