"""Whether a school's words can be kept: by their grammar, and by trying them out on every made-up family. Pure."""

import re
import traceback
from typing import Final

from jinja2 import TemplateError, UndefinedError

from services.notifier.templates.letter_kinds import LetterKind
from services.notifier.templates.rendering.faults import Part, fault_at, fault_in
from services.notifier.templates.rendering.language import TemplateLanguage
from services.notifier.templates.rendering.markup import allowed_link
from services.notifier.templates.rendering.occasion import LetterTemplate
from services.notifier.templates.rendering.samples import every_case
from services.notifier.templates.rendering.variables import values_of

_TAG: Final = re.compile(r"\{[{%#].*?[%}#]\}", re.DOTALL)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_HTML: Final = re.compile(r"<[A-Za-z/!]")
_LINK: Final = re.compile(r"(?<!\\)\]\(\s*<?([^\s)>]*)")
REPLY_LINK: Final = "{{reply_link}}"
"""The one address that differs between families: it is ours, and holds for one of them."""

_WHAT_IS_MISSING: Final = re.compile(r"'(\w+)' is undefined")


def check(language: TemplateLanguage, kind: LetterKind, template: LetterTemplate) -> None:
    """Raises TemplateFaultError for words that can't be sent to every family, at the first fault."""
    _check(language, kind, template.language, template.subject, "subject")
    _check(language, kind, template.language, template.body, "body")


def _check(language: TemplateLanguage, kind: LetterKind, tag: str, source: str, part: Part) -> None:
    control = _CONTROL.search(source)
    if control is not None:
        raise fault_at(source, part, control.start(), "a control character")
    compiled = language.compile(source, part)
    if part == "body":
        _look_at_marks(source)
    for occasion in every_case(kind):
        try:
            filled = language.fill(compiled, values_of(occasion, kind, tag))
        except UndefinedError as error:
            missing = _WHAT_IS_MISSING.search(error.message or "")
            name = missing.group(1) if missing is not None else None
            line = next((frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"), None)
            reason = f"{name} can be empty: put what needs it between {{% if {name} %}} and {{% endif %}}"
            raise fault_in(source, part, line or 1, name, reason) from error
        except TemplateError as error:
            raise fault_in(source, part, 1, None, error.message or "it can't be filled") from error
        if not filled.strip():
            raise fault_in(source, part, 1, None, "it says nothing to some families")


def _look_at_marks(source: str) -> None:
    """Faults that can be seen in the text itself, its tags looked away from."""
    masked = _TAG.sub(lambda tag: re.sub(r"[^\n]", "_", tag.group()), source)
    html = _HTML.search(masked)
    if html is not None:
        raise fault_at(source, "body", html.start(), "HTML would be shown as it is written: there are **bold**, lists, headings and links")
    for link in _LINK.finditer(masked):
        target = link.group(1)
        if source[link.start(1) : link.end(1)].replace(" ", "") == REPLY_LINK:
            continue
        if not allowed_link(target):
            raise fault_at(source, "body", link.start(1), "a link leads to https://, mailto: or tel:")
        if target.startswith("https:") and "{" in source[link.start(1) : link.end(1)]:
            raise fault_at(source, "body", link.start(1), "a web address can't hold what differs between families")
