"""A PDF's text, read by Poppler's own tool."""

import os
import re
import shutil
import subprocess
import warnings
from pathlib import Path

import pytest


def pdf_text(pdf: bytes, folder: Path) -> str:
    """The PDF's text in one line, with plain blanks. Skips the test where there is no tool."""
    return " ".join(_read(pdf, folder, "-layout").replace("\u00a0", " ").split())


def lowest_of(pdf: bytes, folder: Path, word: str, page: int) -> float:
    """How far below the top of a page, counted from 1, the word ends, in millimetres. Skips the test where there is no tool."""
    words = _read(pdf, folder, "-bbox", "-f", str(page), "-l", str(page))
    return max(float(place) for place in re.findall(rf'yMax="([\d.]+)">{re.escape(word)}</word>', words)) * 25.4 / 72


def _read(pdf: bytes, folder: Path, *options: str) -> str:
    """The tool's words. It skips the test where there is none, and fails it there when CI=true, where `make test` installs it first."""
    tool = shutil.which("pdftotext")
    if tool is None:
        reason = "TEXT OF PDFS IS NOT TESTED: there is no pdftotext; on Debian: apt-get install poppler-utils"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        warnings.warn(reason, stacklevel=2)
        pytest.skip(reason)
    path = folder / "read.pdf"
    path.write_bytes(pdf)
    done = subprocess.run([tool, *options, path, "-"], check=True, capture_output=True)
    return done.stdout.decode()
