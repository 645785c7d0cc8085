"""The artefacts of a release."""

import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.release import wheels
from deploy.release.files import checksums, pack

TREE: Final = Path(__file__).parents[2]


@contextmanager
def committed(tree: Path) -> Iterator[Path]:
    """The files of the last commit, and no others, in a folder of their own: a build leaves things behind."""
    packed = subprocess.run(["git", "archive", "HEAD"], cwd=tree, capture_output=True, check=True).stdout  # noqa: S607
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(packed)) as files:
            files.extractall(folder, filter="data")
        yield Path(folder)


def image_context(tree: Path, all_wheels: Path, folder: Path) -> None:
    """The folder that a container engine builds the image from."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(tree / "deploy" / "image" / "Containerfile", folder)
    shutil.copytree(all_wheels, folder / "wheels")


def collect_wheels(tree: Path, folder: Path) -> None:
    """The project's wheel and all that it needs."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wheels.fetch_needed(tree, folder)
    with tempfile.TemporaryDirectory() as built:
        wheels.build(tree, Path(built))
        for wheel in Path(built).glob("*.whl"):
            shutil.copy(wheel, folder)


def make_release(tree: Path, folder: Path, version: str, moment: int) -> None:
    """Fills the folder: wheel, sdist, bill of materials, the archives to install from, and their checksums.

    `moment` is the commit's, in seconds since 1970.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wheels.build(tree, folder)
    with tempfile.TemporaryDirectory() as work:
        all_wheels = Path(work) / "wheels"
        all_wheels.mkdir()
        wheels.fetch_needed(tree, all_wheels)
        for wheel in folder.glob("*.whl"):
            shutil.copy(wheel, all_wheels)
        bill = folder / f"star-engine-{version}.cdx.json"
        wheels.bill_of_materials(tree, all_wheels, Path(work) / "environment", bill)
        deploy = tree / "deploy"
        top = f"star-engine-{version}"
        page = {"CHANGELOG.md": tree / "CHANGELOG.md", "LICENSE": tree / "LICENSE"}
        server = {"systemd": deploy / "systemd", "wheels": all_wheels, "alerts": deploy / "alerts", **page}
        image = {"Containerfile": deploy / "image" / "Containerfile", "wheels": all_wheels}
        compose = {"compose.yaml": deploy / "compose.yaml", "compose": deploy / "compose", "alerts": deploy / "alerts"}
        if (deploy / "dashboards").is_dir():
            compose["dashboards"] = deploy / "dashboards"
        for kind, contents in (("server", server), ("image", image), ("compose", compose)):
            pack(folder / f"{top}-{kind}.tar.gz", {f"{top}-{kind}/{name}": path for name, path in contents.items()}, moment)
        # The form that `helm package` gives a chart.
        pack(folder / f"star-{version}.tgz", {"star": deploy / "helm" / "star"}, moment)
    (folder / "SHA256SUMS").write_text(checksums(folder))
