"""Two tabs, or two people, that change the same thing: the later form says what became of it, and undoes nothing without a word."""

import re
from typing import Any

from tests.integration.apis.world import OWN, STUDENT, World
from tests.integration.console.screens import Screens, Visitor
from tests.integration.console.test_plan import WHOLE

ACTIVITY = {"items.0.activity": "conversation-with-whanau", "items.0.standard": "conversation-with-whanau", "items.0.place": "1"}
SUPPORT = {"goals.1.text": "Here on Mondays", "status": "agreed", "level": "individual", "review_every_days": "14"}

FORMS: dict[str, tuple[str, str, dict[str, Any], str, str]] = {
    "the plan": ("plan/edit", "plan/edit", WHOLE, "approved_by", "The draft is saved"),
    "activities": (
        "settings/activities",
        "settings/activities",
        ACTIVITY | {"items.0.thresholds": "5"},
        "items.0.label",
        "The list is kept",
    ),
    "due days": ("settings/due-days", "settings/due-days", {}, "at_5", "The due days are kept"),
    "runs of days": ("settings/due-days", "settings/watch", {}, "back_after", "The runs of days are kept"),
    "how uploads go": ("ministry/choices", "ministry/choices", {"time": "17:30"}, "day", "The choices are kept"),
    "words of a letter": ("letters/templates/5", "letters/templates/5", {"subject": "Kia ora"}, "body", "is in force"),
    "a support plan": (
        f"students/{STUDENT}/support-plan?plan={{plan_id}}",
        f"students/{STUDENT}/support-plan",
        SUPPORT,
        "barriers",
        "The support plan is saved",
    ),
}
"""The page, the address that its form is sent to, what both people type, the field that they fill otherwise, and the answer."""

TYPED = {"at_5": ("7", "9"), "back_after": ("7", "9"), "day": ("monday", "thursday")}
"""The values that the first and the second type, where they are no texts."""


def has(html: str, field: str, value: str) -> bool:
    """Whether the page's form has this in that field."""
    if field == "day":
        return f'<option value="{value}" selected>' in html
    return bool(re.search(rf'name="{field}"[^>]*value="{value}"', html)) if field in TYPED else value in html


async def page_of(person: Visitor, address: str) -> str:
    """The page at an address with a query of its own."""
    answer = await person.http.get(address)
    assert answer.status_code == 200, answer.text
    return answer.text


def base_of(html: str, action: str) -> str:
    """The fingerprint that the form with this action was filled from."""
    forms = re.findall(r'(?s)<form[^>]*method="post".*?</form>', html)
    (form,) = [
        one for one in forms if 'name="base"' in one and (f'{action}"' in one.partition(">")[0] or "action=" not in one.partition(">")[0])
    ]
    (base,) = re.findall(r'name="base" value="([0-9a-f]{64})"', form)
    return str(base)


async def test_the_later_of_two_tabs_is_told(screens: Screens, world: World) -> None:
    one, other = await screens.person("principal"), await screens.person("principal")
    for thing in FORMS:
        await changed_by_both(one, other, world, thing)


async def changed_by_both(one: Visitor, other: Visitor, world: World, thing: str) -> None:
    page, action, both, field, done = FORMS[thing]
    first, second = TYPED.get(field, ("We ring first thing", "We write at noon"))
    both = both | ({"plan": world.ids[OWN]["plan_id"]} if thing == "a support plan" else {})
    address = f"/console/0999/{page.format(**world.ids[OWN])}"
    send_to = f"/console/0999/{action}"
    base = base_of(await page_of(one, address), send_to)
    assert base_of(await page_of(other, address), send_to) == base
    kept = both | {field: first, "base": base}
    assert done in (await one.send(send_to, kept)).text
    # The same form once more is no change by somebody else.
    assert done in (await one.send(send_to, kept)).text

    late = await other.send(send_to, both | {field: second, "base": base})
    assert (late.status, late.heading) == (409, "This was changed meanwhile")
    assert f'name="{field}" value="{second}"' in late.html
    stands = await page_of(one, address)
    assert (has(stands, field, first), has(stands, field, second)) == (True, False)

    (again,) = re.findall(r'name="base" value="([0-9a-f]{64})"', late.html)
    assert done in (await other.send(send_to, both | {field: second, "base": again})).text
    assert has(await page_of(one, address), field, second)
