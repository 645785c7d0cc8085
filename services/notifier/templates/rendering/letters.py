"""Writes letters: a school's own words where it has some, else the house's, which come with the service."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Final

import structlog
from jinja2 import Template, TemplateError

from services.notifier.contacts.one_line import one_line
from services.notifier.templates.languages import HOUSE, page_language
from services.notifier.templates.letter_kinds import KINDS as LETTER_KINDS
from services.notifier.templates.letter_kinds import LetterKind
from services.notifier.templates.rendering.checking import check
from services.notifier.templates.rendering.days import run_in_words, runs
from services.notifier.templates.rendering.faults import Part, TemplateFaultError
from services.notifier.templates.rendering.language import TemplateLanguage
from services.notifier.templates.rendering.markup import RULE, Marked, Markup
from services.notifier.templates.rendering.occasion import LetterTemplate, Occasion, Written
from services.notifier.templates.rendering.page import Page, plain
from services.notifier.templates.rendering.variables import KINDS, Kind, Values, values_of
from shared.attendance.tiers import Threshold
from shared.events.data import AbsentDay

log = structlog.get_logger()

LONGEST_SUBJECT: Final = 200
"""Characters; mail programs show fewer than half as many."""

TRIAL_SUBJECT: Final = "[Test] "
TRIAL_NOTE: Final = "**This is a test.** The family in this letter is made up, and nobody else was sent it."


class Letters:
    """Writes letters. Pure, but for reading the house's templates once."""

    def __init__(self) -> None:
        self._language = TemplateLanguage()
        self._markup = Markup()
        self._page = Page()
        self._house = {
            kind: LetterTemplate(HOUSE, house_words(f"letter-{kind}.subject"), house_words(f"letter-{kind}")) for kind in LETTER_KINDS
        }
        self._compiled = {template: self._compile(template) for template in self._house.values()}
        kinds: Mapping[str, Kind] = {**KINDS, "wrong_lines": "list", "under": "flag"}
        self._correction = (
            self._language.compile(house_words("correction.subject"), "subject"),
            self._language.compile(house_words("correction"), "body", kinds),
        )
        self._footer = self._language.compile(house_words("footer"), "body")
        self._paper_footer = self._language.compile(house_words("footer-paper"), "body")

    def house(self, kind: LetterKind) -> LetterTemplate:
        """The house's words for a letter."""
        return self._house[kind]

    def write(self, kind: LetterKind, occasion: Occasion, template: LetterTemplate | None = None) -> Written:
        """The letter, by this template or the house's.

        Words that were good when they were saved and can't be used now give way to the house's: a family must be told all the same.
        """
        house = self._house[kind]
        if template is not None and template is not house:
            try:
                return self.try_out(kind, occasion, template)
            except (TemplateError, TemplateFaultError) as error:
                log.error("template.unusable", letter=str(kind), language=template.language, version=template.version, error=str(error))
        return self.try_out(kind, occasion, house)

    def try_out(self, kind: LetterKind, occasion: Occasion, template: LetterTemplate, *, trial: bool = False) -> Written:
        """The letter by this template and no other; a `trial` says that it is one.

        Raises TemplateFaultError or jinja2.TemplateError when the template can't be used.
        """
        subject, body = self._compiled.get(template) or self._compile(template)
        values = values_of(occasion, kind, template.language)
        title = one_line(self._language.fill(subject, values))[:LONGEST_SUBJECT]
        words = self._language.fill(body, values)
        if trial:
            title, words = TRIAL_SUBJECT + title, f"{TRIAL_NOTE}\n\n---\n\n{words}"
        marked = self._markup.read(words)
        if template.language.partition("-")[0] != HOUSE:
            marked = self._beside_english(kind, occasion, marked)
        footer = self._markup.read(self._fill_footer(kind, occasion))
        return Written(
            subject=title,
            text=plain(marked, footer),
            html=self._page.html(title, str(values["school"]), marked, footer, template.language),
            language=template.language,
            version=template.version,
        )

    def _beside_english(self, kind: LetterKind, occasion: Occasion, marked: Marked) -> Marked:
        """The letter with the house's English below: a school can't check every language, and many families read both."""
        words = self._language.fill(self._compiled[self._house[kind]][1], values_of(occasion, kind, HOUSE))
        english = self._markup.read(words)
        html = f'{marked.html}\n<hr>\n<div lang="{page_language(HOUSE)}" dir="ltr">\n{english.html}\n</div>'
        return Marked(html, f"{marked.text}\n{RULE}\n\n{english.text}", marked.paragraphs, [*marked.links, *english.links])

    def correct(self, threshold: Threshold, occasion: Occasion, wrong: Sequence[AbsentDay]) -> Written:
        """The house's letter of correction: these days were wrong, and the total is that of the occasion."""
        lines = [run_in_words(run, HOUSE) for run in runs(wrong)]
        under = occasion.absent_half_days < threshold * 2
        values = {**values_of(occasion, threshold, HOUSE), "wrong_lines": lines, "under": under}
        title = one_line(self._language.fill(self._correction[0], values))
        marked, footer = (
            self._markup.read(self._language.fill(self._correction[1], values)),
            self._markup.read(self._fill_footer(threshold, occasion)),
        )
        html = self._page.html(title, str(values["school"]), marked, footer, HOUSE)
        return Written(subject=title, text=plain(marked, footer), html=html)

    def check(self, kind: LetterKind, template: LetterTemplate) -> None:
        """Raises TemplateFaultError for words that can't be sent to every family, at the first fault."""
        check(self._language, kind, template)

    def _compile(self, template: LetterTemplate) -> tuple[Template, Template]:
        parts: tuple[Part, Part] = ("subject", "body")
        subject, body = (
            self._language.compile(source, part) for source, part in zip((template.subject, template.body), parts, strict=True)
        )
        return subject, body

    def _fill_footer(self, kind: LetterKind, occasion: Occasion) -> str:
        values: Values = values_of(occasion, kind, HOUSE)
        return self._language.fill(self._paper_footer if occasion.on_paper else self._footer, values)


def house_words(name: str) -> str:
    """A template that comes with the service."""
    return (files("services.notifier.templates") / "house" / HOUSE / f"{name}.txt").read_text("utf-8").strip()
