"""Names of the environment and the configuration file that look like settings and are none: they would silently do nothing."""

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Final

from shared.settings_file import VARIABLE, settings_file, settings_in_file

OURS: Final = frozenset({"STAR_TOKEN", VARIABLE})
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


def misspelt_in_file() -> Iterator[str]:
    """A line for each name in the configuration file that nobody reads. Raises SettingsFileError."""
    names = settings_in_file()
    if not names:
        return
    known = {name.removeprefix("STAR_").lower() for name in known_variables() - OURS}
    for name in sorted(names.keys() - known):
        near = difflib.get_close_matches(name.lower().removeprefix("star_"), sorted(known), n=1)
        yield f"{name} in {settings_file()} is not a setting" + (f": do you mean {near[0]}?" if near else "")


def known_variables() -> frozenset[str]:
    """The variables of all services' settings, and of the commands."""
    # Imported only where there is something to look up: together they take a good part of a second.
    from deploy.services import settings_classes  # noqa: PLC0415
    from shared.secret_files import secrets_of  # noqa: PLC0415

    fields = {f"STAR_{field.upper()}" for settings in settings_classes() for field in settings.model_fields}
    return OURS | fields | {f"STAR_{field.upper()}_FILE" for settings in settings_classes() for field in secrets_of(settings)}
