"""The environment and the data folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import SettingsError

from deploy.cli.environment import misspelt
from deploy.cli.faults import invalid_settings
from deploy.doctor.finding import Finding
from deploy.services import settings_classes
from shared.attendance.codes import CodeTable, CodeTableError

NAME = "configuration"


def look_at_configuration(data: Path) -> Finding:
    """Whether all services can read their settings, and this user the data folder."""
    faults = list(dict.fromkeys([*_settings_faults(data), *_folder_faults(data)]))
    if faults:
        return Finding(NAME, "fail", "; ".join(faults), "correct the environment or the folder, then run `star doctor` again")
    unread = list(misspelt(os.environ))
    if unread:
        return Finding(NAME, "warn", "; ".join(unread), "correct the name, or remove the variable")
    return Finding(NAME, "ok", f"the settings of all services can be read; the data folder is {data}")


def _settings_faults(data: Path) -> Iterator[str]:
    for kind in settings_classes():
        try:
            CodeTable.load(kind(data=data).attendance_codes)
        except ValidationError as error:
            yield invalid_settings(error)
        except (SettingsError, CodeTableError) as error:
            yield str(error)


def _folder_faults(data: Path) -> Iterator[str]:
    if data.exists() and not (data.is_dir() and os.access(data, os.R_OK | os.W_OK | os.X_OK)):
        yield f"{data} is no folder that this user may read and write"
    for file in data.glob("*.pem") if data.is_dir() else ():
        if not os.access(file, os.R_OK):
            yield f"{file} can't be read by this user"
