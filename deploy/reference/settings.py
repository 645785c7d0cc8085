"""The reference of all settings, written from their own classes, so that it can't say anything else."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import annotated_types
from pydantic import SecretStr, TypeAdapter
from pydantic.fields import FieldInfo

from deploy.reference.setting_examples import EXAMPLES, READERS, UNITS
from services.console.settings import ConsoleSettings
from services.ingest.settings import IngestSettings
from services.moe_sync.settings import MoeSyncSettings
from services.notifier.settings import NotifierSettings
from services.thresholds.settings import ThresholdsSettings
from shared.secret_files import secrets_of
from shared.settings import Settings

PAGE: Final = Path("docs/reference/settings.md")
SAMPLE: Final = Path("docs/reference/star.toml")

SECTIONS: Final[tuple[tuple[str, type[Settings], type[Settings] | None], ...]] = (
    ("All services", Settings, None),
    ("ingest", IngestSettings, Settings),
    ("thresholds", ThresholdsSettings, Settings),
    ("notifier", NotifierSettings, Settings),
    ("moe-sync", MoeSyncSettings, Settings),
    ("console", ConsoleSettings, Settings),
)

_HEAD: Final = """# Settings

At the end you know the name, bounds and default of each setting, and which part reads it.

Every setting is a variable of the environment (`STAR_HOLD=PT2H`), or a line of the configuration file, without the prefix and in lower case
(`hold = "PT2H"`). The environment wins. The file is TOML: `/etc/star/star.toml`, if it is there, or the file that `STAR_CONFIG` names.
[star.toml](star.toml) has every setting as a comment. All settings are optional. Durations are ISO 8601 (`PT1H`, `P14D`) or seconds. JSON
is a table in the file. `star run` fills in the addresses of its own database, mail catcher and Ministry.

A secret can stand in a file of its own, with nothing else in it: `STAR_SMTP_URL_FILE` names the file with the value of `STAR_SMTP_URL`.
{secrets} have such a variable.

Every `star` command warns of a `STAR_` variable and of a line of the file that is no setting; `star doctor` reads all of them. A value out
of its bounds ends the start with one line that has the setting's name, and not the value.

This page is written by `make reference` from the settings' own classes.
"""


def page() -> str:
    """The page, as it should be."""
    secrets = dict.fromkeys(f"`STAR_{name.upper()}`" for _, settings, _ in SECTIONS for name in secrets_of(settings))
    parts = [_HEAD.replace("{secrets}", ", ".join(secrets))]
    for title, settings, skip in SECTIONS:
        parts += [f"\n## {title}\n", "| variable | takes | default | example | read by | meaning |", "|---|---|---|---|---|---|"]
        parts += [_row(title, name, field) for name, field in fields(settings, skip)]
    return "\n".join(parts) + "\n"


def sample() -> str:
    """A configuration file with every setting, each as a comment."""
    lines = ["# Every setting of the engine. Remove the # to set one. Written by `make reference`; settings.md has the meanings."]
    seen = set()
    for title, settings, skip in SECTIONS:
        lines += ["", f"# {title}"]
        for name, field in fields(settings, skip):
            # A service's own default of a shared setting stands with the shared one.
            if name not in seen:
                lines.append(f"# {name} = {_toml(field.annotation, example(name, field))}")
            seen.add(name)
    return "\n".join(lines) + "\n"


def fields(settings: type[Settings], skip: type[Settings] | None) -> Iterator[tuple[str, FieldInfo]]:
    """The settings of a class, without those that it has from `skip` with the same default."""
    inherited = skip.model_fields if skip is not None else {}
    for name, field in settings.model_fields.items():
        if name not in inherited or inherited[name].default != field.default:
            yield name, field


def example(name: str, field: FieldInfo) -> str:
    """A value as the environment takes it: of the table, else the default."""
    if name in EXAMPLES:
        return EXAMPLES[name]
    value: Any = field.get_default(call_default_factory=True)
    return "" if _is_drawn(field) else _text(value)


def _row(title: str, name: str, field: FieldInfo) -> str:
    reader = READERS.get(name, title) if title == "All services" else title
    default = "drawn at each start" if _is_drawn(field) else _code(_text(field.get_default(call_default_factory=True)))
    own = _code(EXAMPLES[name]) if name in EXAMPLES else ""
    return f"| `STAR_{name.upper()}` | {takes(name, field)} | {default} | {own} | {reader} | {_meaning(field)} |"


def takes(name: str, field: FieldInfo) -> str:
    """The form of a setting's value, with its unit and bounds."""
    kind, unit = _kind(field.annotation), UNITS.get(name, "")
    least, most = _bounds(field)
    if kind in {"duration", "number"}:
        return " ".join(filter(None, (kind, least, "to", most, unit)))
    return f"{kind}, at least {least} characters" if least else kind


def _kind(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(f"`{choice}`" for choice in get_args(annotation) if choice)
    kinds = {timedelta: "duration", int: "number", float: "number", bool: "`true` or `false`", SecretStr: "secret", str: "text"}
    if annotation in kinds:
        return kinds[annotation]
    text = str(annotation)
    if "Path" in text:
        return "path"
    if "dict" in text:
        return "JSON"
    return "JSON list" if "frozenset" in text else "UUID"


def _bounds(field: FieldInfo) -> tuple[str, str]:
    """The least and the most; empty where there is no bound."""
    least, most = "", ""
    for item in field.metadata:
        match item:
            case annotated_types.Ge(value) | annotated_types.MinLen(value):
                least = _bound(value)
            case annotated_types.Gt(value):
                least = f"above {_bound(value)}"
            case annotated_types.Le(value):
                most = _bound(value)
    return least, most


def _bound(value: Any) -> str:
    return _text(value) if isinstance(value, timedelta) else f"{value:,}"


def _is_drawn(field: FieldInfo) -> bool:
    return bool(field.get_default(call_default_factory=True) != field.get_default(call_default_factory=True))


def _text(value: Any) -> str:
    if value is None or value == {} or str(value) == "":
        return ""
    if isinstance(value, timedelta):
        return str(TypeAdapter(timedelta).dump_python(value, mode="json"))
    if isinstance(value, frozenset):
        return json.dumps(sorted(value))
    return json.dumps(value) if isinstance(value, (dict, bool)) else str(value)


def _toml(annotation: Any, text: str) -> str:
    if _kind(annotation).startswith("JSON"):
        value = json.loads(text)
        if isinstance(value, dict):
            return "{" + ", ".join(f"{json.dumps(name)} = {json.dumps(item)}" for name, item in value.items()) + "}"
        return json.dumps(value)
    return text if annotation in (int, float, bool) else json.dumps(text)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _meaning(field: FieldInfo) -> str:
    return re.sub(r"\s+", " ", field.description or "").replace("|", "\\|")
