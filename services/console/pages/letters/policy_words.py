"""A letter policy in sentences. Pure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pydantic import TypeAdapter

from services.console.frame.words import count

_DURATION: Final = TypeAdapter(timedelta)

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)

CORRECTIONS: Final = {
    "offer": "When days of a letter turn out to be wrong, staff may send a letter of correction.",
    "send": "When days of a letter turn out to be wrong, a letter of correction goes by itself.",
    "never": "No letters of correction are sent.",
}


def sentences(policy: Mapping[str, Any], in_force: Mapping[str, Any], *, is_new: bool = False) -> list[str]:
    """A sentence for each choice, always in the same order. `in_force` has the values for what the policy leaves to the service; of a
    policy that `is_new`, those are the service's own only where they were before."""
    return [
        _hold(policy["hold"], in_force["hold"], is_new=is_new),
        _window(policy["window"], in_force["window"], is_new=is_new),
        _steps(policy["thresholds"]),
        "Every caregiver who wants letters gets them."
        if policy["recipients"] == "all"
        else "Only the first caregiver in your system's order gets letters.",
        _cap(policy["daily_cap"], in_force["daily_cap"], is_new=is_new),
        _after(duration(policy["after_term"])),
        CORRECTIONS[policy["correct"]],
        "Letters of one day about children of one family go in one e-mail."
        if policy["together"]
        else "Each letter goes in an e-mail of its own.",
        _replies(policy["replies"]),
        _paper(policy["paper"]),
        f"A copy of each letter goes to {policy['staff_copy']}." if policy["staff_copy"] else "Nobody gets copies of letters.",
        _digest(policy["digest"]),
        _good_news(policy["good_news"]),
        _statement(policy["statement"]),
    ]


def effect_sentences(effect: Mapping[str, int]) -> list[str]:
    """The effect on letters that wait now."""
    waiting = effect["waiting"]
    if not waiting:
        return ["No letter waits for its time now: nothing changes for letters that there are."]
    found = [f"{count(waiting, 'letter waits', 'letters wait')} for {'its' if waiting == 1 else 'their'} time now."]
    for name, words in (("never", "would not be written any more"), ("sooner", "would go sooner"), ("later", "would go later")):
        if effect[name]:
            found.append(f"{count(effect[name], 'letter')} {words}.")
    if effect["kept_back"]:
        found.append(f"{count(effect['kept_back'], 'letter')} more would be above a day's number, and wait for a person.")
    return found if len(found) > 1 else [*found, "All of them would go when they go by the policy of now."]


def duration(value: str) -> timedelta:
    """A duration as the API writes it."""
    return _DURATION.validate_python(value)


def lasting(value: timedelta) -> str:
    """A duration in words: "1 hour", "2 days and 3 hours"."""
    minutes = value // MINUTE
    parts = ((minutes // 1440, "day"), (minutes % 1440 // 60, "hour"), (minutes % 60, "minute"))
    return " and ".join(count(number, name) for number, name in parts if number) or "no time"


def _hold(hold: str | None, own: str, *, is_new: bool) -> str:
    if hold is None and is_new:
        return "A letter waits as long as the service's own setting says."
    wait = duration(hold or own)
    return f"A letter waits {lasting(wait)} after its step was reached." if wait else "A letter is due as soon as its step is reached."


def _window(window: Mapping[str, Any] | None, own: Mapping[str, Any], *, is_new: bool) -> str:
    if window is None and is_new:
        return "Letters go in the hours of the service's own setting."
    chosen = window or own
    days = "on school days" if chosen["days"] == "school-days" else "on any day"
    if chosen["opens"] is None or (chosen["opens"], chosen["until"]) == ("00:00", "23:59"):
        return f"Letters go {days} at any hour."
    return f"Letters go {days} between {chosen['opens']} and {chosen['until']}."


def _steps(steps: list[int]) -> str:
    if not steps:
        return "No step has a letter."
    return f"Families get a letter at {_listed(steps)} days."


def _cap(cap: int | None, own: int, *, is_new: bool) -> str:
    if cap is None and is_new:
        return "As many letters go in a day as the service's own setting allows; those above wait for a person."
    most = own if cap is None else cap
    return (
        f"At most {count(most, 'letter goes', 'letters go')} in a day; those above wait for a person."
        if most
        else "Every letter waits for a person."
    )


def _after(after: timedelta) -> str:
    return (
        f"Letters about a term may go up to {lasting(after)} after its last day."
        if after
        else "No letter about a term goes after its last day."
    )


def _replies(replies: Mapping[str, Any] | None) -> str:
    if replies is None:
        return "Families answer by telephone or e-mail: letters carry no link."
    hold, once = (
        replies["hold_days"],
        f"Letters carry a link by which a family can answer once, within {count(replies['valid_days'], 'day')}.",
    )
    return f"{once} An answer holds the next letter for {count(hold, 'day')}." if hold else f"{once} An answer holds no letter."


def _paper(paper: Mapping[str, Any] | None) -> str:
    if paper is None or not (paper["unreached"] or paper["steps"]):
        return "No letter goes on paper."
    steps = _listed(paper["steps"])
    homes = f"At {steps} days a letter goes to every home on paper" if steps else ""
    if not paper["unreached"]:
        return f"{homes}."
    unreached = "caregivers whom neither e-mail nor text reaches get letters on paper"
    return f"{homes}, and {unreached}." if homes else f"{unreached[0].upper()}{unreached[1:]}."


def _listed(steps: list[int]) -> str:
    names = [str(step) for step in sorted(steps)]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _digest(digest: Mapping[str, Any] | None) -> str:
    if digest is None:
        return "Nobody gets a digest of the day's changes."
    empty = ", also when nothing changed" if digest["when_empty"] else ""
    return f"{digest['to']} gets a digest of the day's changes each school day at {digest['at']}{empty}."


def _good_news(news: Mapping[str, Any] | None) -> str:
    told = []
    if news is not None and news["back_on_track"] is not None:
        told.append(f"a student is back at school for {count(news['back_on_track'], 'school day')} after a step")
    if news is not None and news["full_term"]:
        told.append("a term was without absence")
    return f"Families are told when {' and when '.join(told)}." if told else "No letter has good news."


def _statement(statement: Mapping[str, Any] | None) -> str:
    if statement is None:
        return "Families get no regular statement."
    when = "each fortnight from the third week of a term on" if statement["every"] == "fortnight" else "once a term, after its end"
    beside = "with the school's average beside it" if statement["compare"] else "without any comparison"
    return f"Every family is told {when} how their child stands, {beside}."
