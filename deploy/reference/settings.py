"""The reference of all settings, written from their own classes, so that it can't say anything else."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from services.ingest.settings import IngestSettings
from services.moe_sync.settings import MoeSyncSettings
from services.notifier.settings import NotifierSettings
from services.thresholds.settings import ThresholdsSettings
from shared.settings import Settings

PAGE: Final = Path("docs/reference/settings.md")

_HEAD: Final = """# Settings

Every setting is an environment variable; all are optional. Durations are ISO 8601 (`PT1H`, `P14D`) or seconds. `star run` fills in the
addresses of its own database, mail catcher and Ministry.

This page is written by `make reference` from the settings' own classes.
"""


def page() -> str:
    """The page, as it should be."""
    parts = [_HEAD, *_section("All services", Settings, skip=None)]
    for title, settings in (
        ("ingest", IngestSettings),
        ("thresholds", ThresholdsSettings),
        ("notifier", NotifierSettings),
        ("moe-sync", MoeSyncSettings),
    ):
        parts += _section(title, settings, skip=Settings)
    return "\n".join(parts) + "\n"


def _section(title: str, settings: type[Settings], skip: type[Settings] | None) -> Iterator[str]:
    yield f"\n## {title}\n"
    yield "| variable | default | meaning |"
    yield "|---|---|---|"
    inherited = skip.model_fields if skip is not None else {}
    for name, field in settings.model_fields.items():
        if name in inherited and inherited[name].default == field.default:
            continue
        yield f"| `STAR_{name.upper()}` | {_default(field)} | {_meaning(field)} |"


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True)
    if value != field.get_default(call_default_factory=True):
        return "drawn at each start"
    if value is None or str(value) == "":
        return ""
    if isinstance(value, timedelta):
        return f"`{TypeAdapter(timedelta).dump_python(value, mode='json')}`"
    if isinstance(value, frozenset):
        return ", ".join(f"`{item}`" for item in sorted(value))
    if isinstance(value, dict):
        return f"`{json.dumps(value)}`"
    return f"`{value}`"


def _meaning(field: FieldInfo) -> str:
    return re.sub(r"\s+", " ", field.description or "").replace("|", "\\|")
