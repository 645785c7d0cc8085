"""The tabs of the letters' page: lists by what became of letters, their words, and the policy. Pure."""

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

from services.console.frame.addresses import Address
from services.console.frame.tabs import Tab
from services.console.frame.visit import Visit
from services.console.people.needs import Needs

Group = Literal["waiting", "sent", "came-back", "ended"]
GROUPS: Final[tuple[Group, ...]] = get_args(Group)

TITLES: Final[Mapping[Group, str]] = {"waiting": "Waiting", "sent": "Sent", "came-back": "Came back", "ended": "Not sent"}

POLICY_READERS: Final = Needs("star:read", whole_school=True, of_staff=True)
"""Those who read the policy, and try words out on families: it is about the whole school."""


PAPER_READERS: Final = Needs("star:read", "manage", whole_school=True, of_staff=True)
"""Those who see letters on paper."""


def letter_tabs(visit: Visit, current: str, counted: Mapping[str, Any], address: Address | None = None) -> list[Tab]:
    """The tabs that the person may see; the lists keep the filters of `address`."""
    lists = address or Address(visit.address("letters"), {})
    tabs = [Tab(TITLES[one], counted.get(one.replace("-", "_")), lists.having(group=one), one == current) for one in GROUPS]
    if visit.may(PAPER_READERS):
        tabs.append(Tab("On paper", None, visit.address("letters", "paper"), current == "paper"))
    tabs.append(Tab("Templates", None, visit.address("letters", "templates"), current == "templates"))
    if visit.may(POLICY_READERS):
        tabs.append(Tab("Policy", None, visit.address("letters", "policy"), current == "policy"))
    return tabs
