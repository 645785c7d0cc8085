"""Archives in which only names, contents and the right to execute count, and the checksums of files."""

import gzip
import hashlib
import tarfile
from collections.abc import Mapping
from pathlib import Path

LEFT_OUT = ("__pycache__", "secrets")


def pack(archive: Path, contents: Mapping[str, Path], moment: int) -> None:
    """A `.tar.gz` of files and folders under the names given, all of one moment and nobody's."""
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=moment) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for name, path in sorted(contents.items()):
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                inner = file.relative_to(path)
                if file.is_file() and not set(inner.parts) & set(LEFT_OUT):
                    _add(tar, file, f"{name}/{inner.as_posix()}" if path.is_dir() else name, moment)


def _add(tar: tarfile.TarFile, file: Path, name: str, moment: int) -> None:
    info = tarfile.TarInfo(name)
    info.size = file.stat().st_size
    info.mode = 0o755 if file.stat().st_mode & 0o100 else 0o644
    info.mtime = moment
    with file.open("rb") as content:
        tar.addfile(info, content)


def checksums(folder: Path) -> str:
    """A line for each file, as `sha256sum --check` reads them."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != "SHA256SUMS")
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)
