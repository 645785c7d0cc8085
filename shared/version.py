"""The version of this engine: one place, the package's own metadata (`version` in pyproject.toml)."""

from importlib.metadata import version
from typing import Final

VERSION: Final = version("star-engine")
