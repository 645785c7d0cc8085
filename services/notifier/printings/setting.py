"""A printing as one PDF: a list on top, and each letter from a page of its own."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.notifier.contacts.contact import School
from services.notifier.printings.printing import PaperLetter, Printing
from services.notifier.printings.words import parts_of
from services.notifier.templates.languages import HOUSE, page_language
from services.notifier.templates.rendering.days import day_in_words
from shared.names import full_name
from shared.typesetting.press import Press

TEMPLATE: Final = "printings/templates/letters.typ"
_press: Final = Press(Path(__file__).parents[1])

GOING: Final = ("waiting", "sent", "bounced")
"""States of letters that are in the pile, or went with it, also if their envelopes came back. The others were taken back, and the list says
so."""


def printing_pdf(printing: Printing, letters: Sequence[PaperLetter], school: School, at: datetime) -> bytes:
    """The PDF; `at` is its date. Call it in a thread. A character that the fonts don't have is printed as a question mark."""
    return _press.compile_forgiving(TEMPLATE, page_data(printing, letters, school), at)


def page_data(printing: Printing, letters: Sequence[PaperLetter], school: School) -> dict[str, Any]:
    """The words of the list and of each letter."""
    document, zone = school.document, ZoneInfo(school.calendar().timezone)
    contact = [
        *([line.strip() for line in document.postal_address.replace("\n", ",").split(",")] if document and document.postal_address else []),
        *([document.phone] if document and document.phone else []),
        *([school.contact_email] if school.contact_email else []),
    ]
    return {
        "title": "Letters to post",
        "school": school.name,
        "contact": [line for line in contact if line],
        "made": day_in_words(printing.made_at.astimezone(zone).date(), HOUSE),
        "posted": day_in_words(printing.posted_on, HOUSE) if printing.posted_on is not None else None,
        "count": sum(_is_in(letter) for letter in letters),
        "rows": [_row(letter) for letter in letters],
        "letters": [_letter(letter, zone) for letter in letters if _is_in(letter)],
    }


def _is_in(letter: PaperLetter) -> bool:
    return letter.status in GOING and letter.text is not None and letter.recipient is not None


def _row(letter: PaperLetter) -> dict[str, Any]:
    name = full_name(letter.given_name, letter.family_name or "") if letter.given_name else letter.student
    return {
        "place": letter.place,
        "student": name,
        "key": letter.student,
        "year": "" if letter.year_level is None else f"Year {letter.year_level}",
        "step": f"{letter.threshold} days" if letter.threshold is not None else "news",
        "to": (letter.recipient or "").replace("\n", ", "),
        "in": _is_in(letter),
    }


def _letter(letter: PaperLetter, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "place": letter.place,
        "window": (letter.recipient or "").split("\n"),
        "date": day_in_words(letter.written_at.astimezone(zone).date(), HOUSE),
        "subject": letter.subject or "",
        "language": page_language(letter.language or HOUSE),
        "parts": parts_of(letter.text or ""),
    }
