"""The texts that people write into cells, as values of the API. An unknown text is left for the rules to refuse, or is a ValueError."""

import re
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

TAKEN_BACK: Final = "null"
"""A cell that says that the mark is taken back. An empty one does not: a column left out by mistake must not wipe a term."""

DAY_FORMS: Final = "YYYY-MM-DD, d/m/yyyy or 2-Nov-26"
MOMENT_FORMS: Final = f"{DAY_FORMS}, with a time such as 09:05 or 9:05 am, and an offset where it is not the school's time"

_YEAR_FIRST: Final = re.compile(r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|([0-9]{2})([0-9]{2}))", re.ASCII)
_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})")
_NAMED: Final = re.compile(
    r"(?:[a-z]{3,9}[ ,.]+)?([0-9]{1,2})(?:(?:st|nd|rd|th)\b)?(?: of)?[ ./-]*([a-z]{3,9})[ .,/-]*([0-9]{4}|[0-9]{2})",
    re.IGNORECASE | re.ASCII,
)
_NAMED_FIRST: Final = re.compile(
    r"(?:[a-z]{3,9}[ ,.]+)?([a-z]{3,9})[ .-]*([0-9]{1,2})(?:st|nd|rd|th)?(?:,| ) *([0-9]{4})", re.IGNORECASE | re.ASCII
)
_WEEKDAY_BEFORE: Final = re.compile(
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?[ ,.]+(?=[0-9])", re.IGNORECASE | re.ASCII
)
"""The day of the week, as many spreadsheets show it before a date of numbers: `Mon 2/11/2026`."""

_MONTHS: Final = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
_TIME_BEHIND: Final = re.compile(
    r",?[T ] *[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)? *(?:[ap]\.?m\.?)?", re.IGNORECASE | re.ASCII
)
"""A time on the school's clock, as spreadsheets write it behind a date. With an offset it could be another day's."""

_MIDNIGHT: Final = re.compile(r"[T ] *00:00(?::00(?:\.0{1,9})?)? *(?:Z|\+(?:00|1[23])(?::?[0-9]{2})?)", re.IGNORECASE | re.ASCII)
"""Midnight of UTC or of New Zealand behind a date, as databases write a day: by both clocks it is the day that is written."""

_OFFSET_BEHIND: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)"
)
"""A moment, by which programs mean a day when it is midnight in New Zealand: `2026-11-01T11:00:00.000Z` is 2 November."""

_NEW_ZEALAND: Final = ZoneInfo("Pacific/Auckland")

_WRITTEN_OTHERWISE: Final = str.maketrans("\u00a0\u2007\u2009\u202f\u3000\u2010\u2011\u2012\u2013\u2212", "     -----")
"""Blanks and dashes that programs write in place of the plain ones: a narrow blank stands before `am` in many of them."""

_MOMENT: Final = re.compile(
    r"(?P<day>[0-9a-z., /-]{6,30}?)"
    r"(?:,?[T ]\s*(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?P<offset>Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?",
    re.IGNORECASE | re.ASCII,
)
_NUMBERED: Final = re.compile(r"(?:period|per|slot|p)?[ .]*([0-9]{1,4})(?:\.0+)?", re.IGNORECASE)
_YEAR_LEVEL: Final = re.compile(r"(?:year|yr|y)?[ .]*([0-9]{1,4})(?:\.0+)?", re.IGNORECASE)
_NUMBER: Final = re.compile(r"([0-9]{1,4})(?:\.0+)?", re.ASCII)
_SESSIONS: Final = {
    "am": "AM",
    "morning": "AM",
    "pm": "PM",
    "afternoon": "PM",
}


_ANSWERS: Final = dict.fromkeys(("yes", "y", "true", "t", "1"), True) | dict.fromkeys(("no", "n", "false", "f", "0"), False)

_WEEKDAY: Final = re.compile(r"(mon|tue|wed|thu|fri)[a-z]*[ .:=]*((?:am|pm|morning|afternoon|all day|all|[ ,/+&])*)", re.IGNORECASE)
ATTENDS_FORMS: Final = "weekdays with their sessions, as in Mon AM PM; Tue AM"


_NOTHING: Final = frozenset({"null", "none", "nil", "n/a", "na"})

_NO_DAY: Final = "0-/.:! \tTZ"
"""Signs of a date that is not there, as in `00/00/0000`, `--` and `!00/00/00!`."""

_ZERO: Final = re.compile(r"0{1,2}/0?1/(?:19)?00(?: 0{1,2}:00(?::00)?)?")
"""Nothing, as a spreadsheet shows it in a column of dates: the day before the first one that it counts."""

_FIRST_DAY: Final = date(1910, 1, 1)
_EPOCH: Final = date(1970, 1, 1)
"""Databases write nothing as the first day of their calendar (1 January of the year 1, 1601, 1753 or 1900, 30 December 1899), others as
the first of Unix. Nobody who left then is on a roster, and a child taken for a leaver would be seen by nobody."""


def plainly(text: str) -> str:
    """The text of a day with plain blanks and dashes, and without the day of the week before its numbers."""
    plain = text if text.isascii() else text.translate(_WRITTEN_OTHERWISE)
    return _WEEKDAY_BEFORE.sub("", plain, count=1) if plain[:1].isalpha() else plain


# A file says few different days and moments, each very often.
@lru_cache(maxsize=4096)
def day(text: str) -> str:
    """An ISO date; a time behind it is left out. Raises ValueError."""
    text = plainly(text)
    if _OFFSET_BEHIND.fullmatch(text) and not _MIDNIGHT.search(text):
        return _day_at_midnight(text)
    for behind in (_TIME_BEHIND, _MIDNIGHT):
        if (time := behind.search(text)) and time.end() == len(text):
            text = text[: time.start()]
    if match := _YEAR_FIRST.fullmatch(text):
        return date(int(match[1]), int(match[3] or match[5]), int(match[4] or match[6])).isoformat()
    if match := _DAY_FIRST.fullmatch(text):
        return date(int(match[4]), int(match[3]), int(match[1])).isoformat()
    if match := _NAMED.fullmatch(text):
        return date(int(match[3]) + (2000 if len(match[3]) == 2 else 0), _month(match[2]), int(match[1])).isoformat()
    if match := _NAMED_FIRST.fullmatch(text):
        return date(int(match[3]), _month(match[1]), int(match[2])).isoformat()
    raise ValueError(DAY_FORMS)


@lru_cache(maxsize=4096)
def moment(text: str, zone: ZoneInfo) -> str:
    """An RFC 3339 time; without an offset in the text it is the time at the school. Raises ValueError."""
    match = _MOMENT.fullmatch(plainly(text))
    if match is None:
        raise ValueError(MOMENT_FORMS)
    hour = int(match["hour"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(MOMENT_FORMS)
        hour = hour % 12 + (12 if match["half"][0] in "pP" else 0)
    at = datetime.combine(
        date.fromisoformat(day(match["day"])),
        datetime.min.time().replace(
            hour, int(match["minute"] or 0), int(match["second"] or 0), int((match["fraction"] or "0")[:6].ljust(6, "0"))
        ),
        _offset(match["offset"]) or zone,
    )
    return at.isoformat()


def _day_at_midnight(text: str) -> str:
    try:
        local = datetime.fromisoformat(text).astimezone(_NEW_ZEALAND)
    except OverflowError:
        raise ValueError(DAY_FORMS) from None
    if local.time() != datetime.min.time():
        raise ValueError(DAY_FORMS)
    return local.date().isoformat()


def _month(name: str) -> int:
    for number, month in enumerate(_MONTHS, start=1):
        if month.startswith(name.lower()) or name.lower() == "sept" == month[:4]:
            return number
    raise ValueError(DAY_FORMS)


def _offset(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text in "zZ":
        return timezone(timedelta(0))
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[3:].lstrip(":") or "0")))


def session(text: str) -> str:
    """AM or PM; anything else as it came, for the rules to refuse."""
    return _SESSIONS.get(re.sub(r"[. ]", "", text.casefold()), text)


def number(text: str) -> int | str:
    """A whole number; anything else as it came, for the rules to refuse."""
    match = _NUMBER.fullmatch(text)
    return int(match[1]) if match else text


def slot(text: str) -> int | str:
    """The number of a slot, as in `3`, `P3` or `Period 3`."""
    match = _NUMBERED.fullmatch(text)
    return int(match[1]) if match else text


def year_level(text: str) -> int | str:
    """A year level, as in `9`, `Y9` or `Year 9`."""
    match = _YEAR_LEVEL.fullmatch(text)
    return int(match[1]) if match else text


def is_no_day(text: str) -> bool:
    """Whether a text says that there is no date: nothing, 0, 00000000, dashes, or the day that stands for nothing in some system."""
    if not text.strip(_NO_DAY) or _ZERO.fullmatch(text) or text.strip().casefold() in _NOTHING:
        return True
    try:
        return stands_for_nothing(date.fromisoformat(day(text)))
    except ValueError:
        return False


def stands_for_nothing(written: date) -> bool:
    """Whether a date is one by which some system writes that there is none."""
    return written < _FIRST_DAY or written == _EPOCH


def day_or_none(text: str, field: str) -> str | None:
    """An ISO date; None for no date (`is_no_day`). Raises ValueError, which names the field."""
    if is_no_day(text):
        return None
    try:
        return day(text)
    except ValueError:
        raise ValueError(f"{field}: {DAY_FORMS}") from None


def attends(text: str) -> dict[str, list[str]] | None:
    """The sessions of each weekday, as in `Mon AM PM; Tue AM; Fri`; a weekday without sessions has both.

    None for nothing, which is all. Raises ValueError.
    """
    week: dict[str, list[str]] = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        match = _WEEKDAY.fullmatch(part)
        if match is None:
            raise ValueError(f"attends: {ATTENDS_FORMS}")
        named = match[2].casefold()
        both = not named.strip(" ,/+&") or "all" in named
        morning, afternoon = both or "am" in named or "morning" in named, both or "pm" in named or "afternoon" in named
        named_before = week.get(match[1].casefold(), [])
        there = {"AM": morning or "AM" in named_before, "PM": afternoon or "PM" in named_before}
        week[match[1].casefold()] = [name for name in there if there[name]]
    return week or None


def yes(text: str) -> bool | str:
    """Yes or no, also as spreadsheets and databases write it; anything else as it came, for the rules to refuse."""
    return _ANSWERS.get(text.casefold(), text)
