"""Each form of the screens makes its thing once, or sets a state that can be set twice: decided here, form by form."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PAGES: Final = Path("services/console")

STATES: Final = {
    "frame/templates/layout.html": "signing out; taking back, which is done once",
    "frame/templates/kept.html": "sends what was typed again, with the key that it had",
    "frame/templates/meanwhile.html": "sends what was typed again, with the key that it had",
    "letters/letters.html": "letters are let go, held or ended",
    "letters/policy_edit.html": "shows a policy's effect",
    "letters/policy_effect.html": "puts a policy in force",
    "letters/versions.html": "puts words in force: the same words make no version",
    "letters/waiting.html": "a letter is let go, held or ended",
    "ministry/choices.html": "choices, a pause, its end",
    "ministry/preview.html": "a week's run: without a change there is no second upload",
    "ministry/upload.html": "an upload is marked once",
    "data_quality/import.html": "the same marks and students are the same register",
    "plan/edit.html": "the same text makes no version",
    "plan/publish.html": "a version is published once",
    "settings/activities.html": "the list as it is",
    "settings/calendar.html": "shows a change's effect",
    "settings/change.html": "makes the change that was shown",
    "settings/details.html": "the school as it is",
    "settings/due_days.html": "the days as they are",
    "settings/due_days_tried.html": "the days as they are",
    "settings/erasure.html": "a student is erased once",
    "settings/staff.html": "shows a change's effect",
    "settings/term.html": "shows a change's effect",
    "settings/timetable.html": "shows a change's effect",
    "settings/timetables.html": "shows a change's effect",
    "operations/dead_letter.html": "a dead letter is settled once",
    "operations/dead_letters.html": "dead letters are settled once",
    "respond/results.html": "taking back, which is done once",
    "student/records.html": "taking back, which is done once; opening again",
    "student/notes.html": "letters are held, or not",
    "today/today.html": "letters are held, or not",
}
"""Files whose forms, where they have no key, set a state; and which."""

SETTLED: Final = {
    "meetings/{{ one.id }}": "the state of a meeting",
    "replies/{{ one.id }}": "the state of a family's answer",
    "partners/{{ it.id }}": "the end of a subscription",
    "/plan-again": "the state of a meeting",
    "/withdraw": "a contact is withdrawn once",
    "/replay": "events go again under the ids that they had",
    "/restore": "puts words in force",
    "/returned": "an envelope that came back is noted once",
    "letters/paper/{{ pile.id }}": "a pile is posted or dropped once",
    "/release": "a held change is made once",
    "/discard": "a held change is left unmade once",
    "/revoke": "a credential ends once",
}
"""Ends of addresses whose forms set a state in files that also make things."""


def forms() -> Iterator[tuple[str, str]]:
    """The file and the text of each form that posts."""
    for path in sorted(PAGES.rglob("*.html")):
        for form in re.findall(r"(?s)<form[^>]*method=\"post\".*?</form>", path.read_text(encoding="utf-8")):
            yield path.relative_to(PAGES).as_posix().removeprefix("pages/"), form


def test_each_form_has_a_key_or_sets_a_state() -> None:
    undecided = []
    for file, form in forms():
        action = re.search(r'action="([^"]*)"', form)
        address = action[1] if action else ""
        settles = file in STATES or any(address.endswith(end) for end in SETTLED)
        if "ui.once()" not in form and not settles:
            undecided.append((file, address))
    assert undecided == []


def test_the_list_names_forms_that_are_there() -> None:
    without = {file for file, form in forms() if "ui.once()" not in form}
    assert set(STATES) - without == set()


SHOWN_FIRST: Final = {
    "settings/calendar.html",
    "settings/change.html",
    "settings/details.html",
    "settings/staff.html",
    "settings/term.html",
    "settings/timetable.html",
    "settings/timetables.html",
    "letters/policy_edit.html",
    "letters/policy_effect.html",
}
"""Files whose forms show a change before it is made, and show it anew if somebody was quicker."""

WHOLE: Final = {
    "plan/edit.html",
    "letters/template.html",
    "ministry/choices.html",
    "settings/activities.html",
    "settings/due_days.html",
    "settings/due_days_tried.html",
    "casework/support_plan.html",
}
"""Files with a form that takes the place of a whole thing."""


def test_forms_that_take_the_place_of_a_whole_thing_say_what_they_were_filled_from() -> None:
    # A trial keeps what the form before it was filled from.
    without = {file for file in WHOLE if "ui.base_of(" not in (PAGES / "pages" / file).read_text(encoding="utf-8")}
    assert without == {"settings/due_days_tried.html"}
    # A form that is filled with what is kept, in a text or a row, is of one kind or the other.
    filled = {file for file, form in forms() if re.search(r"<textarea[^>]*>\{\{|name=\"[^\"]*\.\{\{", form)}
    assert filled - WHOLE - SHOWN_FIRST == {"data_quality/import.html"}, "whose rows are a file's columns"
