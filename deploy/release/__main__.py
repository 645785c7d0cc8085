"""`python -m deploy.release`: the release, or a part of it, below `build/`."""

import os
import subprocess
import sys
from pathlib import Path

from deploy.release import wheels
from deploy.release.artefacts import TREE, collect_wheels, committed, image_context, make_release
from shared.version import VERSION

BUILD = Path("build")


def main(part: str) -> None:
    """`release`, `image-context` or `sbom`."""
    moment = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=TREE, capture_output=True, text=True, check=True)  # noqa: S607
    # Wheels and sdists take the time of their contents from it.
    os.environ.setdefault("SOURCE_DATE_EPOCH", moment.stdout.strip())
    with committed(TREE) as tree:
        if part == "release":
            make_release(tree, BUILD / "release", VERSION, int(os.environ["SOURCE_DATE_EPOCH"]))
            sys.stdout.write((BUILD / "release" / "SHA256SUMS").read_text())
            return
        collect_wheels(tree, BUILD / "wheels")
        if part == "image-context":
            image_context(tree, BUILD / "wheels", BUILD / "image")
        else:
            wheels.bill_of_materials(tree, BUILD / "wheels", BUILD / "environment", BUILD / f"star-engine-{VERSION}.cdx.json")


main(sys.argv[1] if len(sys.argv) > 1 else "release")
