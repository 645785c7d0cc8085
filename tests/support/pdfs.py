"""What stands in a PDF, read by Poppler's own tool."""

import os
import shutil
import subprocess
import warnings
from pathlib import Path

import pytest

from deploy.apt import AptError, install_on_ci


def pdf_text(pdf: bytes, folder: Path) -> str:
    """The PDF's text in one line, with plain blanks.

    Skips the test where there is no pdftotext; fails it there when CI=true, which installs it first.
    """
    tool, why = shutil.which("pdftotext"), ""
    if tool is None:
        try:
            install_on_ci(["poppler-utils"])
        except AptError as error:
            why = f" ({error})"
        tool = shutil.which("pdftotext")
    if tool is None:
        reason = f"TEXT OF PDFS IS NOT TESTED: there is no pdftotext{why}; on Debian: apt-get install poppler-utils"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        warnings.warn(reason, stacklevel=2)
        pytest.skip(reason)
    path = folder / "read.pdf"
    path.write_bytes(pdf)
    done = subprocess.run([tool, "-layout", path, "-"], check=True, capture_output=True)
    return " ".join(done.stdout.decode().replace("\u00a0", " ").split())
