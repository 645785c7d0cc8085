"""Folders of files that were written whole (`shared.files.write_whole`). Blocking; call them in a thread."""

from pathlib import Path

from shared.files import UNFINISHED, sync_folder


def remove_durably(paths: list[Path]) -> None:
    """Removes the files, all of one folder; one that is gone already is no error."""
    for path in paths:
        path.unlink(missing_ok=True)
    if paths:
        sync_folder(paths[0].parent)


def kept_files(folder: Path) -> list[Path]:
    """The whole `.json` files of the folder by name. Makes the folder, and sweeps what a crash left half written."""
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.glob(f"*{UNFINISHED}"):
        leftover.unlink()
    return sorted(folder.glob("*.json"))
