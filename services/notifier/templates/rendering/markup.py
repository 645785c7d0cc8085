"""Marked text as a letter's HTML and plain text, both from one reading of it.

The marks are those of Markdown, as far as a letter needs them: paragraphs, lists, headings, **bold**, *emphasis*, links and rules. HTML
is no markup: it is shown as it was written.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

LINE: Final = 72
SCHEMES: Final = frozenset({"https", "mailto", "tel"})
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})
RULE: Final = "-" * 8

_MARKS: Final = re.compile(r"[!-/:-@\[-`{-~]")

STYLES: Final = MappingProxyType(
    {
        "p": "margin:0 0 14px 0;",
        "h2": "margin:24px 0 8px 0;font-size:19px;line-height:26px;font-weight:bold;",
        "ul": "margin:0 0 14px 0;padding:0 22px;",
        "ol": "margin:0 0 14px 0;padding:0 22px;",
        "li": "margin:0 0 6px 0;",
        "a": "color:#0b5cad;",
        "hr": "margin:24px 0;border:0;border-top:1px solid #c3cbd4;",
    }
)


@dataclass(frozen=True, slots=True)
class Marked:
    """A text in both forms, the first words of it, and where its links lead."""

    html: str
    text: str
    paragraphs: Sequence[str]
    links: Sequence[str]


class Markup:
    """Reads marked text."""

    def __init__(self) -> None:
        self._markdown = MarkdownIt("zero", {"html": False, "breaks": True, "linkify": False, "typographer": False})
        self._markdown.enable(["heading", "list", "hr", "emphasis", "link", "escape", "newline"])
        self._markdown.validateLink = allowed_link  # type: ignore[method-assign]

    def read(self, source: str) -> Marked:
        """Both forms of a text."""
        tokens = self._markdown.parse(source)
        inline = [child for token in tokens for child in token.children or ()]
        for token in (*tokens, *inline):
            if token.type in ("heading_open", "heading_close"):
                # The page's one heading of the first rank is its subject.
                token.tag = "h2"
            style = STYLES.get(token.tag)
            if style is not None and token.nesting >= 0:
                token.attrSet("style", style)
        return Marked(
            html=self._markdown.renderer.render(tokens, self._markdown.options, {}).strip(),
            text=_text(tokens),
            paragraphs=[" ".join(_words(token).split()) for token in tokens if token.type == "inline"],
            links=[str(token.attrGet("href")) for token in inline if token.type == "link_open"],
        )


def escaped(value: str) -> str:
    """The value so that none of its characters is markup: each ASCII mark with a backslash, as CommonMark section 2.4 has it."""
    return _MARKS.sub(r"\\\g<0>", value)


def allowed_link(url: str) -> bool:
    """Whether a letter can link there: a web page over TLS, an e-mail address or a telephone number."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme == "http":
        # The links of a small set-up that is tried out on one machine.
        return parts.hostname in LOOPBACK
    return parts.scheme in SCHEMES and bool(parts.netloc if parts.scheme == "https" else parts.path)


def _text(tokens: Sequence[Token]) -> str:
    lists: list[int | None] = []
    written, before = "", ""
    marker, kind = "", "paragraph"
    for token in tokens:
        match token.type:
            case "bullet_list_open":
                lists.append(None)
            case "ordered_list_open":
                lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
                before = before if lists else "list"
            case "list_item_open":
                number = lists[-1]
                marker = "- " if number is None else f"{number}. "
                lists[-1] = None if number is None else number + 1
            case "heading_open":
                kind = "heading"
            case "paragraph_open":
                kind = "item" if token.hidden else "paragraph"
            case "inline" | "hr":
                block = RULE if token.type == "hr" else _words(token)
                margin = "  " * (len(lists) - 1) + marker if marker else "  " * len(lists)
                written += _gap(before, kind) + _wrapped(block, margin)
                before, marker, kind = kind, "", "paragraph"
    return written + "\n"


def _gap(before: str, kind: str) -> str:
    if not before:
        return ""
    # The items of a list without blank lines stay together; headings have air above them.
    return "\n" if before == kind == "item" else "\n\n\n" if kind == "heading" else "\n\n"


def _wrapped(block: str, margin: str) -> str:
    hanging = " " * len(margin)
    return "\n".join(
        fill(
            line,
            LINE,
            initial_indent=margin if number == 0 else hanging,
            subsequent_indent=hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for number, line in enumerate(block.split("\n"))
    )


def _words(token: Token) -> str:
    """The text of an inline token; a link that does not show its address has it behind it."""
    written, links = "", list[tuple[int, str]]()
    for child in token.children or ():
        match child.type:
            case "softbreak" | "hardbreak":
                written += "\n"
            case "link_open":
                links.append((len(written), str(child.attrGet("href"))))
            case "link_close":
                start, href = links.pop()
                shown = unquote(href.partition(":")[2] if not href.startswith(("https:", "http:")) else href)
                if written[start:].strip() not in (shown, href):
                    written += f" ({shown})"
            case _:
                written += child.content
    return written
