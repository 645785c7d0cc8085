"""Lists of short texts as one parameter of a statement: the driver looks at each element of an array several times over.

`unnest(string_to_array(:students, E'\\n'))` takes the list apart again.
"""

from collections.abc import Sequence
from typing import Final

SEPARATOR: Final = "\n"
"""In no key, name of a term or number of a school: those are printable."""


def joined(texts: Sequence[str]) -> str | None:
    """The texts in one; None for no text at all, of which nothing is made. Raises ValueError for a text that would be taken apart."""
    one = SEPARATOR.join(texts)
    if one.count(SEPARATOR) != max(len(texts) - 1, 0):
        raise ValueError("a text of the list has a line break")
    return one if texts else None
