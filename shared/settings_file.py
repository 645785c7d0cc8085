"""The configuration file: settings as TOML, beside the environment, which wins."""

import os
import tomllib
from pathlib import Path
from typing import Any, Final

VARIABLE: Final = "STAR_CONFIG"
"""Names the file."""

SYSTEM_FILE: Final = Path("/etc/star/star.toml")
"""The file that is read where the variable names none, if it is there."""


class SettingsFileError(ValueError):
    """The configuration file can't be used."""


def settings_file() -> Path | None:
    """The file to read; None if the variable names none and there is none at its usual place."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    return SYSTEM_FILE if SYSTEM_FILE.exists() else None


def settings_in_file() -> dict[str, Any]:
    """The values by name, as in `{"database_url": "postgresql://..."}`; empty without a file. Raises SettingsFileError.

    An error names the file and the line, and never a value, which may be a secret.
    """
    path = settings_file()
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsFileError(f"the configuration file {path} can't be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise SettingsFileError(f"the configuration file {path} is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        place = str(error).rpartition("(")[2].rstrip(")") if "(at " in str(error) else "at its end"
        raise SettingsFileError(f"the configuration file {path} is no TOML {place}") from error
