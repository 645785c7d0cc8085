"""Variables of the environment that look like settings and are none: a misspelt one would silently do nothing."""

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Final

OURS: Final = frozenset({"STAR_TOKEN"})
"""Read by commands, and not settings of a service."""

_OF_KUBERNETES: Final = re.compile(r"STAR_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?)")
"""The variables that Kubernetes puts into every pod of a namespace that has a service called `star` or `star-...`."""


def misspelt(names: Iterable[str]) -> Iterator[str]:
    """A line for each variable that begins with STAR_ and that nobody reads, with the nearest name that exists."""
    candidates = sorted(name for name in names if name.startswith("STAR_") and name not in OURS)
    if not candidates:
        return
    known = known_variables()
    for name in candidates:
        if name in known or _OF_KUBERNETES.fullmatch(name):
            continue
        near = difflib.get_close_matches(name, known, n=1)
        yield f"{name} is not a setting" + (f": do you mean {near[0]}?" if near else "")


def known_variables() -> frozenset[str]:
    """The variables of all services' settings, and of the commands."""
    # Imported only where there is something to look up: together they take a good part of a second.
    from deploy.services import settings_classes  # noqa: PLC0415

    return OURS | {f"STAR_{field.upper()}" for settings in settings_classes() for field in settings.model_fields}
