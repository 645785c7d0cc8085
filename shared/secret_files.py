"""Secrets in files: `STAR_SMTP_URL_FILE` names a file that holds nothing but the value of `STAR_SMTP_URL`, as containers mount them."""

import os
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from shared.set_up import SetUpError


def secrets_of(settings: type[BaseSettings]) -> list[str]:
    """The settings that can stand in a file: all that are shown to nobody, but for one that has such a setting of its own."""
    fields = settings.model_fields
    return [name for name, field in fields.items() if _is_secret(field) and f"{name}_file" not in fields]


def secrets_in_files(settings: type[BaseSettings]) -> dict[str, Any]:
    """The values by name. Raises SetUpError, which names the variable and never the value."""
    values = {}
    for name in secrets_of(settings):
        variable = f"STAR_{name.upper()}"
        path = os.environ.get(f"{variable}_FILE")
        if not path:
            continue
        if os.environ.get(variable):
            raise SetUpError(f"{variable} and {variable}_FILE are both set: take one of them away")
        try:
            # An editor ends a file with a line's end, which is no part of a secret.
            values[name] = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise SetUpError(f"{variable}_FILE names {path}, which is not UTF-8: correct the file") from error
        except OSError as error:
            raise SetUpError(
                f"{variable}_FILE names {path}, which can't be read ({error.strerror}): correct the name, or give this user the right to it"
            ) from error
    return values


def _is_secret(field: FieldInfo) -> bool:
    return field.annotation is SecretStr or not field.repr
