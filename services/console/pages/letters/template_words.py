"""Words of letters: families to try them out on, shapes to see them in, the line of a fault, and versions beside each other. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, Literal

from services.console.asking.part import Part

Shape = Literal["mail", "phone", "dark", "text"]

SHAPES: Final[Mapping[Shape, str]] = {"mail": "E-mail", "phone": "On a phone", "dark": "In the dark", "text": "Text message"}

STUDENT: Final = "student:"
"""Begins the value of a real student among the families."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A made-up family."""

    title: str
    sample: Mapping[str, Any]


SAMPLES: Final[Mapping[str, Sample]] = {
    "sample": Sample("A made-up family", {}),
    "illness": Sample("Made up: mostly illness", {"mostly_illness": True}),
    "one": Sample("Made up: one caregiver, days not known", {"caregivers": 1, "absent_days_known": False}),
    "bare": Sample(
        "Made up: as little as can be known",
        {"caregivers": 1, "absent_days_known": False, "term_dates_known": False, "contact_email": False, "contact_person": False},
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """The reason why words can't be used, and the lines around it where it is known: number, text, and whether it is the one."""

    sentence: str
    part: str | None = None
    lines: Sequence[tuple[int, str, bool]] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text that stayed, went or came."""

    text: str
    kind: Literal["same", "gone", "come"]


@dataclass(frozen=True, slots=True)
class VersionShown:
    """A version, and what it changed of the one before."""

    version: Mapping[str, Any]
    subject: Sequence[Piece]
    body: Sequence[Piece]


def insertion(variable: Mapping[str, Any]) -> dict[str, Any]:
    """A variable with the text that puts it into a letter: one that can be empty is asked for first."""
    name = variable["name"]
    text = f"{{% if {name} %}}…{{% endif %}}" if variable["kind"] == "flag" else f"{{{{ {name} }}}}"
    if variable["kind"] == "list":
        text = f"{{% for line in {name} %}}\n- {{{{ line }}}}{{% endfor %}}"
    if variable["optional"] and variable["kind"] != "flag":
        text = f"{{% if {name} %}}{text}{{% endif %}}"
    return {**variable, "call": text}


def family_of(family: str) -> dict[str, Any]:
    """The family as the API takes it."""
    if family.startswith(STUDENT):
        return {"student": family.removeprefix(STUDENT)}
    return {"sample": dict(SAMPLES.get(family, SAMPLES["sample"]).sample)}


def page_in(html: str, shape: Shape) -> str:
    """A letter's page as a mail program would show it: light or dark whatever the reader's own screen is, and as narrow as a phone."""
    look = "all" if shape == "dark" else "not all"
    scheme = "dark" if shape == "dark" else "light"
    page = html.replace("@media (prefers-color-scheme: dark)", f"@media {look}").replace(
        "color-scheme: light dark", f"color-scheme: {scheme}"
    )
    if shape == "phone":
        page = page.replace("</head>", "<style>html { width: 375px; max-width: 100%; margin: 0 auto; }</style></head>", 1)
    return page


LINES_AROUND: Final = 1


def fault_of(answer: Part[Any], sent: Mapping[str, Any]) -> Fault:
    """The refusal of words in a sentence, with the lines around the place."""
    failure = answer.failure
    if failure is None or failure.why == "away":
        return Fault("The service does not answer now. Nothing was saved: try again in a minute.")
    place = next(iter(failure.extra.get("errors", [])), None)
    if place is None or "line" not in place:
        why = place["why"].removeprefix("Value error, ") if place else failure.detail
        field = (
            {"body.subject": "The subject: ", "body.body": "The letter: ", "body.to": "The address: "}.get(place["at"], "") if place else ""
        )
        return Fault(f"{field}{why}.".replace("..", "."))
    part, line = place["at"], place["line"]
    where = f"line {line}" + (f", character {place['column']}" if place["column"] is not None else "")
    name = "The subject" if part == "subject" else "The letter"
    text = (sent.get(part) or "").replace("\r\n", "\n").split("\n")
    around = range(max(1, line - LINES_AROUND), min(len(text), line + LINES_AROUND) + 1)
    return Fault(f"{name}, {where}: {place['why']}.", part, [(number, text[number - 1], number == line) for number in around])


def said_of(template: Mapping[str, Any]) -> str:
    """A version's number in words."""
    return str(template.get("version") or "of the house")


def versions_of(items: Sequence[Mapping[str, Any]], most: int) -> list[VersionShown]:
    """Versions, newest first, each beside the one before it; the last of more than `most` is only compared with."""
    if not items:
        return []
    before: list[Mapping[str, Any]] = [*items[1:], {"subject": None, "body": None}]
    return [
        VersionShown(one, pieces(old["subject"] or "", one["subject"] or ""), pieces(old["body"] or "", one["body"] or ""))
        for one, old in list(zip(items, before, strict=True))[:most]
    ]


def pieces(before: str, after: str) -> list[Piece]:
    """The words that went and came between two texts."""
    old, new = (re.findall(r"\s+|\S+", text) for text in (before, after))
    found: list[Piece] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Piece("".join(old[a:b]), "same"))
            continue
        found += [Piece("".join(words), how) for words, how in ((old[a:b], "gone"), (new[c:d], "come")) if words]  # type: ignore[arg-type]
    return found
