"""A report as a page and as a PDF, from the same plots. Call these in a thread: they take some tenths of a second."""

import re
from dataclasses import asdict
from datetime import datetime
from typing import Final

from markupsafe import Markup

from services.thresholds.pages import html
from services.thresholds.pages.pdf import UnprintableError, compile_pdf
from services.thresholds.reports.blocks import ReportDocument
from services.thresholds.reports.plots import draw

TEMPLATE: Final = "reports/templates/report.typ"

_MOST_MENDED: Final = 20
"""Different texts with letters that no font has: names of groups, mostly."""


def report_html(document: ReportDocument) -> str:
    """The page."""
    # Drawn here from our own plots, and the library escapes their labels.
    pictures = {figure.name: Markup(draw(figure)) for figure in document.figures()}  # noqa: S704
    return html.render("report.html", asdict(document) | {"pictures": pictures})


def report_pdf(document: ReportDocument, at: datetime) -> bytes:
    """The PDF; `at` is its date. A letter that the fonts don't have is printed as a question mark: a report is not to fail for it."""
    data = asdict(document) | {"pictures": {figure.name: draw(figure) for figure in document.figures()}}
    for _ in range(_MOST_MENDED):
        try:
            return compile_pdf(TEMPLATE, data, at)
        except UnprintableError as error:
            unprintable = re.compile("|".join(re.escape(letter) for letter in sorted(set(error.text))))
            data = _replaced(data, unprintable)
    return compile_pdf(TEMPLATE, _replaced(data, re.compile(r"[^\x00-\u024f\u2000-\u206f\u2190\u2192\u2212]")), at)


def _replaced(value: object, unprintable: re.Pattern[str]) -> dict[str, object]:
    def mended(found: object) -> object:
        if isinstance(found, str):
            return unprintable.sub("?", found)
        if isinstance(found, dict):
            return {name: mended(one) for name, one in found.items()}
        return [mended(one) for one in found] if isinstance(found, list | tuple) else found

    whole = mended(value)
    assert isinstance(whole, dict)
    return whole
