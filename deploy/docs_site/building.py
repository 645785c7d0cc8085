"""The site from its sources, by Sphinx."""

import hashlib
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sphinx.cmd.build import build_main

from deploy.docs_site.gathering import gather
from deploy.docs_site.operations import pages
from deploy.openapi import documents
from shared.version import VERSION

CONFIGURATION: Final = Path(__file__).parent
MADE_FROM: Final = ".made-from"
"""The file of a site that has the digest of its sources."""


def build(target: Path) -> int:
    """Builds the site into the folder, in the place of one that is there; answers 0, or Sphinx' own code where it fails.

    A site that was made from the same sources stays, and its first page is dated anew.
    """
    with TemporaryDirectory() as folder:
        sources, made = Path(folder) / "sources", Path(folder) / "site"
        gather(sources, pages(documents()))
        digest = _digest(sources, CONFIGURATION)
        there, first = target / MADE_FROM, target / "index.html"
        # Without its first page it is made anew: people remove that page to have it so.
        if first.exists() and there.exists() and there.read_text(encoding="utf-8") == digest:
            first.touch()
            return 0
        code = build_main(["-b", "html", "-q", "-W", "--keep-going", "-c", str(CONFIGURATION), str(sources), str(made)])
        if code == 0:
            (made / MADE_FROM).write_text(digest, encoding="utf-8")
            shutil.rmtree(target, ignore_errors=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(made, target)
    return code


def _digest(*folders: Path) -> str:
    """The digest of all files in the folders, by their names and bytes, and of the product's version, which stands on each page."""
    digest = hashlib.sha256(VERSION.encode())
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            content = path.read_bytes()
            digest.update(f"\n{path.relative_to(folder).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()
