"""The environment and the data folder."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import SettingsError

from deploy.cli.environment import misspelt, misspelt_in_file
from deploy.cli.faults import invalid_settings, unreadable_setting
from deploy.doctor.finding import Finding
from deploy.services import settings_classes
from shared.attendance.codes import CodeTable, CodeTableError
from shared.set_up import SetUpError
from shared.settings_file import SettingsFileError, settings_file

NAME = "configuration"


def look_at_configuration(data: Path) -> Finding:
    """Whether all services can read their settings, and this user the data folder."""
    faults = list(dict.fromkeys([*_settings_faults(data), *_folder_faults(data)]))
    if faults:
        return Finding(
            NAME, "fail", "; ".join(faults), "correct the environment, the configuration file or the folder, then run `star doctor` again"
        )
    unread = [*misspelt(os.environ), *misspelt_in_file()]
    if unread:
        return Finding(NAME, "warn", "; ".join(unread), "correct the name, or remove it")
    file = settings_file()
    if file is not None and _anybody_reads(file):
        return Finding(NAME, "warn", f"every user of this machine can read {file}, which may hold passwords", f"chmod o-r {file}")
    where = f"the environment and {file}" if file else "the environment"
    return Finding(NAME, "ok", f"the settings of all services can be read from {where}; the data folder is {data}")


def _anybody_reads(file: Path) -> bool:
    return file.is_file() and bool(file.stat().st_mode & stat.S_IROTH)


def _settings_faults(data: Path) -> Iterator[str]:
    for kind in settings_classes():
        try:
            CodeTable.load(kind(data=data).attendance_codes)
        except ValidationError as error:
            yield invalid_settings(error)
        except SettingsError as error:
            yield unreadable_setting(error)
        except (SettingsFileError, SetUpError, CodeTableError) as error:
            yield str(error)


def _folder_faults(data: Path) -> Iterator[str]:
    if data.exists() and not (data.is_dir() and os.access(data, os.R_OK | os.W_OK | os.X_OK)):
        yield f"{data} is no folder that this user may read and write"
    for file in data.glob("*.pem") if data.is_dir() else ():
        if not os.access(file, os.R_OK):
            yield f"{file} can't be read by this user"
