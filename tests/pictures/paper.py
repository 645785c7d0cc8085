"""Pictures as files: small, and the same bytes for the same picture."""

from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image

COLOURS: Final = 128
"""Plain areas and grey letters need no more: a page takes 30 to 60 kB instead of 150."""


def keep(picture: bytes, path: Path) -> None:
    """Writes a screenshot with a palette of its own, and as small as PNG gets it."""
    with Image.open(BytesIO(picture)) as image:
        few = image.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
