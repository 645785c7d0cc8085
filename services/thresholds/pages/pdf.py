"""The press of this service: its PDFs stand on the house's style (`house.typ`)."""

from pathlib import Path
from typing import Final

from shared.typesetting.press import MEDIA_TYPE, Press, UnprintableError

__all__ = ["MEDIA_TYPE", "ROOT", "UnprintableError", "compile_forgiving", "compile_pdf"]

ROOT: Final = Path(__file__).parents[1]
"""The service's folder."""

_press: Final = Press(ROOT)
compile_pdf: Final = _press.compile_pdf
compile_forgiving: Final = _press.compile_forgiving
