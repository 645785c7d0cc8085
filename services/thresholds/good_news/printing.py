"""Certificates of a term without absence, a page each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from services.thresholds.good_news.gathering import Found
from services.thresholds.pages.masthead import LANGUAGE, day_in_words
from services.thresholds.pages.pdf import compile_pdf

TEMPLATE: Final = "good_news/templates/certificate.typ"


def certificates_pdf(found: Sequence[Found], school: str, term: str, at: datetime) -> bytes:
    """The PDF; `at` is its date. Call it in a thread. Raises UnprintableError for text that the fonts can't show."""
    return compile_pdf(TEMPLATE, page_data(found, school, term), at)


def page_data(found: Sequence[Found], school: str, term: str) -> dict[str, Any]:
    """The words of the pages; `term` as people say it."""
    return {
        "title": "Certificate of full attendance",
        "school": school,
        "language": LANGUAGE,
        "term": term,
        "certificates": [{"name": one.person.name, "from": day_in_words(one.first), "to": day_in_words(one.last)} for one in found],
    }


def term_in_words(name: str) -> str:
    """`2026-T4` as people say it."""
    year, _, number = name.partition("-T")
    return f"Term {number} of {year}"
