"""A PDF's text, read by Poppler's own tool."""

import os
import shutil
import subprocess
import warnings
from pathlib import Path

import pytest


def pdf_text(pdf: bytes, folder: Path) -> str:
    """The PDF's text in one line, with plain blanks.

    Skips the test where there is no pdftotext; fails it there when CI=true, where `make test` installs it first.
    """
    tool = shutil.which("pdftotext")
    if tool is None:
        reason = "TEXT OF PDFS IS NOT TESTED: there is no pdftotext; on Debian: apt-get install poppler-utils"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        warnings.warn(reason, stacklevel=2)
        pytest.skip(reason)
    path = folder / "read.pdf"
    path.write_bytes(pdf)
    done = subprocess.run([tool, "-layout", path, "-"], check=True, capture_output=True)
    return " ".join(done.stdout.decode().replace("\u00a0", " ").split())
