"""A report as a page and as a PDF, from the same plots. Call these in a thread: they take some tenths of a second."""

from base64 import b64encode
from dataclasses import asdict
from datetime import datetime
from typing import Final

from services.thresholds.pages import html
from services.thresholds.pages.pdf import compile_forgiving
from services.thresholds.reports.blocks import ReportDocument
from services.thresholds.reports.plots import draw

TEMPLATE: Final = "reports/templates/report.typ"


def report_html(document: ReportDocument) -> str:
    """The page."""
    pictures = {figure.name: f"data:image/svg+xml;base64,{b64encode(draw(figure)).decode()}" for figure in document.figures()}
    return html.render("report.html", asdict(document) | {"pictures": pictures})


def report_pdf(document: ReportDocument, at: datetime) -> bytes:
    """The PDF; `at` is its date. A letter that the fonts don't have is printed as a question mark: a report is not to fail for it."""
    data = asdict(document) | {"pictures": {figure.name: draw(figure).decode() for figure in document.figures()}}
    return compile_forgiving(TEMPLATE, data, at)
