"""The page around a letter's words: its subject, who it is from, and the small print."""

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup as Safe

from services.notifier.templates.languages import HOUSE, direction, page_language
from services.notifier.templates.rendering.markup import RULE, Marked

PREHEADER: Final = 110
"""Characters that mail programs show beside a subject, about."""

FEWEST_WORDS: Final = 5


class Page:
    """Makes pages."""

    def __init__(self) -> None:
        environment = Environment(
            loader=PackageLoader("services.notifier.templates", "house"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._page = environment.get_template("page.html")

    def html(self, title: str, sender: str, body: Marked, footer: Marked, language: str) -> str:
        """The letter as a page of HTML, which shows as well in a mail program that knows little of it."""
        return self._page.render(
            title=title,
            sender=sender,
            preheader=_preheader(body),
            body=Safe(body.html),  # noqa: S704 - made by the markup's renderer, which escapes
            footer=Safe(footer.html),  # noqa: S704
            language=page_language(language),
            direction=direction(language),
            footer_language=page_language(HOUSE),
        )


def plain(body: Marked, footer: Marked) -> str:
    """The letter as plain text."""
    return f"{body.text}\n{RULE}\n\n{footer.text}"


def _preheader(body: Marked) -> str:
    # A line that ends with a comma is a greeting, as is one of a few words.
    first = next((words for words in body.paragraphs if len(words.split()) >= FEWEST_WORDS and not words.endswith(",")), "")
    return first if len(first) <= PREHEADER else first[:PREHEADER].rsplit(" ", 1)[0] + "…"
