"""E-mails to staff in words: a plan's review falls due, students changed tier, a family got a letter, letters wait for a release."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from textwrap import fill
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup as Safe

from services.notifier.contacts.one_line import one_line
from services.notifier.templates.languages import HOUSE
from services.notifier.templates.rendering.days import day_in_words
from services.notifier.templates.rendering.markup import LINE, RULE, Marked, Markup, escaped
from services.notifier.templates.rendering.occasion import Written
from services.notifier.templates.rendering.page import Page, plain
from shared.attendance.tiers import TIERS, Threshold, Tier
from shared.events.data import DutyKind

DUTIES: Final[Mapping[DutyKind, str]] = {
    "overdue": "a response to the record{step} was due on {due}",
    "due": "a response to the record{step} is due on {due}",
    "family-reply": "the family answered a letter on {due}",
    "support-plan-review": "the review of the support plan is due since {due}",
    "support-plan-action": "an action of the support plan was due on {due}",
    "meeting": "say whether the meeting of {due} was held",
}
"""The things that come to a member of staff, in words."""


@dataclass(frozen=True, slots=True)
class PlanReview:
    """The review of a published plan falls due. `school` is the school's name."""

    school: str
    version: int
    review_on: date


@dataclass(frozen=True, slots=True)
class Movement:
    """A student changed tier. `name` is the student's full name; the count is the one after it."""

    name: str
    year_level: int | None
    from_tier: Tier
    to_tier: Tier
    absent_half_days: int
    term: str | None = None


@dataclass(frozen=True, slots=True)
class DigestMail:
    """The movements since the digest before, in both directions. `school` is the school's name, `day` this digest's own, and `term` the
    name of the term that runs on it: movements of other terms are listed apart."""

    school: str
    day: date
    movements: Sequence[Movement]
    term: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseAlarm:
    """Letters wait until a person releases them. `school` is the school's name.

    `restored`: they wait because they may have left before the database was restored.
    """

    school: str
    letters: int
    restored: bool = False


@dataclass(frozen=True, slots=True)
class LetterCopy:
    """A letter as a family got it. `name` is the student's full name; `recipients` counts them, and their addresses stay out."""

    school: str
    name: str
    year_level: int | None
    threshold: Threshold
    recipients: int
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class DutyLine:
    """A thing that has come to a member of staff. `name` is the student's full name."""

    kind: DutyKind
    name: str
    due: date
    threshold: Threshold | None
    from_others: bool


@dataclass(frozen=True, slots=True)
class NearLine:
    """A student who has come near a threshold. `name` is their full name."""

    name: str
    threshold: Threshold
    absent_half_days: int


@dataclass(frozen=True, slots=True)
class DutiesMail:
    """The things that have newly come to a member of staff; `waiting` counts all that wait for them. `school` is the school's name.

    `more` counts those that are left out. `link`: the person's list of work, where the service knows its address.
    """

    school: str
    name: str
    day: date
    duties: Sequence[DutyLine]
    more: int
    waiting: int
    near: Sequence[NearLine] = ()
    link: str | None = None


class StaffLetters:
    """Writes to staff. Pure, but for reading the house's templates once."""

    def __init__(self) -> None:
        self._markup = Markup()
        self._page = Page()
        self._words = Environment(
            loader=PackageLoader("services.notifier.templates", f"house/{HOUSE}"),
            # As in families' letters: values are escaped for the marked text that they are put into.
            autoescape=False,  # noqa: S701
            finalize=lambda value: escaped(value) if isinstance(value, str) else value,
            undefined=StrictUndefined,
        )
        self._subjects = self._words.overlay(finalize=lambda value: value)
        tables = Environment(
            loader=PackageLoader("services.notifier.templates", "house"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._movements = tables.get_template("movements.html")

    def plan_review(self, review: PlanReview) -> Written:
        """Tells a school that its plan's review falls due."""
        school = one_line(review.school)
        values = {"school": school, "version": str(review.version), "review_on": day_in_words(review.review_on, HOUSE)}
        return self._written("plan-review", school, values, "", "")

    def duties(self, mail: DutiesMail) -> Written:
        """Tells a member of staff what has newly come to them, the most pressing first."""
        count = len(mail.duties) + len(mail.near) + mail.more
        values = {
            "school": one_line(mail.school),
            "name": one_line(mail.name),
            "day": day_in_words(mail.day, HOUSE),
            "things": "1 thing" if count == 1 else f"{count} things",
            "one": "one" if count == 1 else "",
            "waiting": str(mail.waiting) if mail.waiting > count else "",
            "link": mail.link or "",
        }
        lines = [*(_duty(duty) for duty in mail.duties), *(_near(near) for near in mail.near)]
        more = [f"And {mail.more} more, on your list of work."] if mail.more else []
        html = Safe("<ul>{}</ul>").format(Safe("").join(Safe("<li>{}</li>").format(line) for line in lines))
        html += Safe("").join(Safe("<p>{}</p>").format(line) for line in more)
        text = [fill(f"- {line}", LINE, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False) for line in lines]
        return self._written("duties", values["school"], values, str(html), "\n".join([*text, *more]))

    def release(self, release: ReleaseAlarm) -> Written:
        """Tells a school that letters wait until a person releases them."""
        count = "1 letter waits" if release.letters == 1 else f"{release.letters} letters wait"
        school = one_line(release.school)
        words = "release-restored" if release.restored else "release"
        return self._written(words, school, {"school": school, "letters": count}, "", "")

    def copy(self, copy: LetterCopy) -> Written:
        """A copy of a family's letter, marked as a copy, with the letter's own words below."""
        school = one_line(copy.school)
        values = {
            "school": school,
            "name": one_line(copy.name),
            "year": "" if copy.year_level is None else f"Year {copy.year_level}",
            "threshold": str(copy.threshold),
            "recipients": "1 recipient" if copy.recipients == 1 else f"{copy.recipients} recipients",
            "subject": one_line(copy.subject),
        }
        quoted = Safe('<div style="white-space:pre-line;border-top:1px solid #c3cbd4;padding:14px 0 0 0;">{}</div>').format(copy.text)
        return self._written("letter-copy", school, values, str(quoted), f"{RULE}\n\n{copy.text}")

    def digest(self, digest: DigestMail) -> Written:
        """The students who changed tier, both ways; the highest tiers first. Those of terms that are over come last."""
        school = one_line(digest.school)
        running = [moved for moved in digest.movements if moved.term in (None, digest.term)]
        over: dict[str, list[Movement]] = defaultdict(list)
        for moved in digest.movements:
            if moved.term not in (None, digest.term):
                over[moved.term or ""].append(moved)
        values = {
            "school": school,
            "students": _students(len(running)),
            "day": day_in_words(digest.day, HOUSE),
            "term": _term(digest.term) if digest.term else "",
            "over": _students(len(digest.movements) - len(running)) if over else "",
        }
        tables, texts = [self._table(running)], [_list(running)]
        for term in sorted(over, reverse=True):
            values_of_term = {"term": f"{_term(term)} of {term[:4]}", "students": _students(len(over[term]))}
            heading = self._markup.read(self._words.get_template("digest-past-term.txt").render(values_of_term))
            tables += [heading.html, self._table(over[term])]
            texts += [f"{heading.text}\n", _list(over[term])]
        return self._written("digest", school, values, "\n".join(filter(None, tables)), "\n".join(filter(None, texts)))

    def _table(self, movements: Sequence[Movement]) -> str:
        return self._movements.render(lines=_lines(movements)) if movements else ""

    def _written(self, name: str, school: str, values: dict[str, str], html: str, text: str) -> Written:
        subject = one_line(self._subjects.get_template(f"{name}.subject.txt").render(values))
        body = self._markup.read(self._words.get_template(f"{name}.txt").render(values))
        body = Marked(f"{body.html}\n{html}", "\n".join(filter(None, [body.text, text])), body.paragraphs, body.links)
        footer = self._markup.read(self._words.get_template("staff-footer.txt").render(values))
        return Written(subject=subject, text=plain(body, footer), html=self._page.html(subject, school, body, footer, HOUSE))


def _duty(duty: DutyLine) -> str:
    step = f" of {duty.threshold} days" if duty.threshold is not None else ""
    says = DUTIES[duty.kind].format(step=step, due=day_in_words(duty.due, HOUSE))
    passed_on = " (passed on to you)" if duty.from_others else ""
    return f"{one_line(duty.name)}: {says}{passed_on}"


def _near(near: NearLine) -> str:
    days = f"{near.absent_half_days / 2:g}"
    return f"{one_line(near.name)}: away for {days} days, and {near.threshold} days are near"


def _lines(movements: Sequence[Movement]) -> list[dict[str, str]]:
    """The lines of a table, the highest tiers first."""
    ordered = sorted(movements, key=lambda moved: (-TIERS.index(moved.to_tier), -moved.absent_half_days, moved.name))
    return [
        {
            "name": one_line(moved.name),
            "year": "" if moved.year_level is None else str(moved.year_level),
            "from_tier": moved.from_tier,
            "to_tier": moved.to_tier,
            "days": f"{moved.absent_half_days / 2:g}",
        }
        for moved in ordered
    ]


def _list(movements: Sequence[Movement]) -> str:
    return "".join(f"{_line(line)}\n" for line in _lines(movements))


def _students(count: int) -> str:
    return "No student" if count == 0 else "1 student" if count == 1 else f"{count} students"


def _term(name: str) -> str:
    """`2026-T4` in words, without its year."""
    return f"Term {name.partition('-T')[2]}"


def _line(line: dict[str, str]) -> str:
    who = f"{line['name']} (Year {line['year']})" if line["year"] else line["name"]
    says = f"- {who}: {line['from_tier']} to {line['to_tier']}, days absent: {line['days']}"
    return fill(says, LINE, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
