"""Files that are whole or not there."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from shared.files import made_once, write_whole


def test_a_file_is_put_in_the_place_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"before")
    write_whole(path, b"after")
    assert path.read_bytes() == b"after"
    assert list(tmp_path.iterdir()) == [path]


def test_only_the_owner_reads_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"secret")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_changes_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(OSError, match="folder"):
        write_whole(path, b"content")
    assert list(tmp_path.iterdir()) == [path]


def test_of_many_that_come_first_at_once_one_decides(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "key"
    together = Barrier(8)

    def content(number: int) -> bytes:
        def make() -> bytes:
            together.wait(timeout=30)
            return b"%d" % number * 1_000

        return made_once(path, make)

    with ThreadPoolExecutor(8) as pool:
        contents = set(pool.map(content, range(8)))
    assert contents == {path.read_bytes()}
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_is_not_made_again(tmp_path: Path) -> None:
    path = tmp_path / "key"
    assert made_once(path, lambda: b"first") == b"first"
    assert made_once(path, lambda: b"second") == b"first"
