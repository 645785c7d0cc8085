"""A report as a page and as a PDF, from the same plots. Call these in a thread: they take some tenths of a second."""

import re
from base64 import b64encode
from dataclasses import asdict
from datetime import datetime
from typing import Final

from services.thresholds.pages import html
from services.thresholds.pages.pdf import UnprintableError, compile_pdf
from services.thresholds.reports.blocks import ReportDocument
from services.thresholds.reports.plots import draw

TEMPLATE: Final = "reports/templates/report.typ"

_MOST_MENDED: Final = 20
"""Different texts with letters that no font has: names of groups, mostly."""


def report_html(document: ReportDocument) -> str:
    """The page."""
    pictures = {figure.name: f"data:image/svg+xml;base64,{b64encode(draw(figure)).decode()}" for figure in document.figures()}
    return html.render("report.html", asdict(document) | {"pictures": pictures})


def report_pdf(document: ReportDocument, at: datetime) -> bytes:
    """The PDF; `at` is its date. A letter that the fonts don't have is printed as a question mark: a report is not to fail for it."""
    data = asdict(document) | {"pictures": {figure.name: draw(figure).decode() for figure in document.figures()}}
    for _ in range(_MOST_MENDED):
        try:
            return compile_pdf(TEMPLATE, data, at)
        except UnprintableError as error:
            unprintable = re.compile("|".join(re.escape(letter) for letter in sorted(set(error.text))))
            data = _replaced(data, unprintable)
    return compile_pdf(TEMPLATE, _replaced(data, re.compile(r"[^\x00-\u024f\u2000-\u206f\u2190\u2192\u2212]")), at)


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
