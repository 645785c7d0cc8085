"""The page that families open: HTML without scripts that an old telephone shows. Pure, but for reading files once."""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from services.notifier.replies.reply import CHOICES, MOST_WORDS
from services.notifier.replies.words import ENGLISH, GONE, MANY, ReplyWords
from services.notifier.templates.languages import HOUSE, direction, page_language
from shared.events.data import ReplyChoice

FIELDS: Final[dict[ReplyChoice, str]] = {choice: choice.replace("-", "_") for choice in CHOICES}
"""The field of the words for each choice."""


@cache
def _style() -> str:
    return (files("services.notifier.replies") / "templates" / "style.css").read_text("utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("services.notifier.replies"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["style"] = Markup(_style())  # noqa: S704 - our own file
    return environment


@cache
def headers() -> dict[str, str]:
    """The headers of every such page: nothing runs or is fetched, nobody keeps, lists or frames it, and no other site hears its address."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
    }


def closed(words: ReplyWords, language: str, school: str) -> str:
    """The page before it is opened: it names the school, and no child."""
    return _page("closed", words, language, school=school)


def opened(words: ReplyWords, language: str, school: str, child: str, *, again: bool = False) -> str:
    """The form. `again`: nothing was chosen."""
    choices = [(choice, getattr(words, field)) for choice, field in FIELDS.items()]
    return _page("opened", words, language, school=school, child=child, choices=choices, again=again)


def answered(words: ReplyWords, language: str, school: str) -> str:
    """The last page."""
    return _page("answered", words, language, school=school)


def gone() -> str:
    """The page of every link that does not hold."""
    return _page("gone", ENGLISH, HOUSE, sentence=GONE)


def too_many() -> str:
    """The page of somebody who tries one link after another."""
    return _page("gone", ENGLISH, HOUSE, sentence=MANY)


def _page(state: str, words: ReplyWords, language: str, **values: Any) -> str:
    given = {"school": "", "child": "", "choices": [], "again": False, "sentence": ""} | values
    return (
        _environment()
        .get_template("reply.html")
        .render(state=state, words=words, language=page_language(language), direction=direction(language), most=MOST_WORDS, **given)
    )
