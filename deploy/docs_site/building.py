"""The site from its sources, by Sphinx."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sphinx.cmd.build import build_main

from deploy.docs_site.gathering import gather
from deploy.docs_site.operations import pages
from deploy.openapi import documents

CONFIGURATION: Final = Path(__file__).parent


def build(target: Path) -> int:
    """Builds the site into the folder, in the place of one that is there; answers 0, or Sphinx' own code where it fails."""
    with TemporaryDirectory() as folder:
        sources, made = Path(folder) / "sources", Path(folder) / "site"
        gather(sources, pages(documents()))
        code = build_main(["-b", "html", "-q", "-W", "--keep-going", "-c", str(CONFIGURATION), str(sources), str(made)])
        if code == 0:
            shutil.rmtree(target, ignore_errors=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(made, target)
    return code
