"""Archives that depend on names and contents alone, and checksums that `sha256sum` accepts."""

import os
import subprocess
import tarfile
from pathlib import Path

from deploy.release.files import checksums, pack


def folder_of(path: Path, moment: int) -> Path:
    (path / "inner" / "__pycache__").mkdir(parents=True)
    (path / "inner" / "__pycache__" / "x.pyc").write_text("left out")
    (path / "secrets").mkdir()
    (path / "secrets" / "password").write_text("left out")
    for name, text, mode in (("run.sh", "true\n", 0o700), ("inner/b.txt", "b\n", 0o600), ("inner/a.txt", "a\n", 0o640)):
        (path / name).write_text(text)
        (path / name).chmod(mode)
        os.utime(path / name, (moment, moment))
    return path


def test_the_same_contents_make_the_same_archive(tmp_path: Path) -> None:
    for number, moment in ((1, 1_000_000_000), (2, 1_700_000_000)):
        folder = folder_of(tmp_path / f"folder{number}", moment)
        pack(tmp_path / f"{number}.tar.gz", {"top/part": folder, "top/LICENSE": folder / "inner" / "a.txt"}, 1_764_500_000)
    assert (tmp_path / "1.tar.gz").read_bytes() == (tmp_path / "2.tar.gz").read_bytes()
    with tarfile.open(tmp_path / "1.tar.gz") as archive:
        members = [(member.name, oct(member.mode), member.mtime, member.uid) for member in archive.getmembers()]
    assert members == [
        ("top/LICENSE", "0o644", 1_764_500_000, 0),
        ("top/part/inner/a.txt", "0o644", 1_764_500_000, 0),
        ("top/part/inner/b.txt", "0o644", 1_764_500_000, 0),
        ("top/part/run.sh", "0o755", 1_764_500_000, 0),
    ]


def test_checksums_are_those_of_the_usual_command(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    (tmp_path / "SHA256SUMS").write_text(checksums(tmp_path))
    done = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "a: OK\nb: OK\n"
