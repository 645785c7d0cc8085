"""PDFs for people, set by Typst: tagged for readers' tools (PDF/UA-1), in fonts that come with it, the same bytes for the same data.

Templates are `.typ` files of a service, below its folder. The values go to them as JSON data, which they show as text: none of it is ever
read as code.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import typst

STANDARD: Final = "ua-1"

MEDIA_TYPE: Final = "application/pdf"

_MOST_MENDED: Final = 20
"""Different texts with letters that no font has: names, mostly."""

_NOT_DISPLAYED: Final = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)


class UnprintableError(ValueError):
    """A text has a character that none of the fonts has: a PDF that shows it as a box would not be readable by everybody."""

    def __init__(self, text: str) -> None:
        names = ", ".join(f"U+{ord(character):04X} ({unicodedata.name(character, 'unnamed').lower()})" for character in text[:3])
        super().__init__(f"there is no letter in the fonts for {names}")
        self.text = text


@dataclass(frozen=True, slots=True)
class Press:
    """Sets the templates of one service. Templates lie below `root`, and nothing above it can be read by one."""

    root: Path

    def compile_pdf(self, template: str, data: Mapping[str, Any], at: datetime) -> bytes:
        """The PDF of a template, a path below the service's folder, which reads `data` with `json(bytes(sys.inputs.data))`.

        `at` is the document's date. Takes some milliseconds a page: call it in a thread. Raises UnprintableError for text that the fonts
        can't show, and typst.TypstError for a template that is wrong.
        """
        try:
            return typst.compile(
                self.root / template,
                root=self.root,
                sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
                ignore_system_fonts=True,
                format="pdf",
                pdf_standards=STANDARD,
                timestamp=at.astimezone(UTC).replace(microsecond=0),
            )
        except typst.TypstError as error:
            if match := _NOT_DISPLAYED.search(error.message):
                raise UnprintableError(match[1]) from error
            raise

    def compile_forgiving(self, template: str, data: Mapping[str, Any], at: datetime) -> bytes:
        """As `compile_pdf`, but a letter that the fonts don't have is printed as a question mark: such a document is not to fail for it."""
        for _ in range(_MOST_MENDED):
            try:
                return self.compile_pdf(template, data, at)
            except UnprintableError as error:
                unprintable = re.compile("|".join(re.escape(letter) for letter in sorted(set(error.text))))
                data = _replaced(data, unprintable)
        return self.compile_pdf(template, _replaced(data, re.compile(r"[^\x00-\u024f\u2000-\u206f\u2190\u2192\u2212]")), at)


def _replaced(value: object, unprintable: re.Pattern[str]) -> dict[str, object]:
    def mended(part: object) -> object:
        if isinstance(part, str):
            return unprintable.sub("?", part)
        if isinstance(part, dict):
            return {name: mended(value) for name, value in part.items()}
        return [mended(value) for value in part] if isinstance(part, list | tuple) else part

    whole = mended(value)
    assert isinstance(whole, dict)
    return whole
