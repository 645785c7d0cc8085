"""The folder in which the mail server keeps its letters, and the same in memory for reading."""

import asyncio
import time
from bisect import insort
from collections.abc import Collection
from pathlib import Path

from deploy.sandbox.durable import kept_files, remove_durably
from deploy.sandbox.letters import Letter, Message, pack_letter, read_letter, unpack_letter, unpack_source
from shared.files import write_whole


class LetterBox:
    """One file a letter, named by its key. All letters are held in memory too: this serves one school's demo, not a country."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._letters: list[Letter] = []
        self._last_key = 0

    async def load(self) -> None:
        """Reads what the folder holds. Raises ValueError or KeyError when a file there is not a letter."""
        self._letters = await asyncio.to_thread(self._read_all)
        self._last_key = max((letter.key for letter in self._letters), default=0)

    async def add(self, raw: bytes, sender: str, recipients: tuple[str, ...]) -> None:
        """Keeps the letter: when this returns it is on disk and in `letters`. Raises OSError when it could not be written."""
        # The clock may stand still or step back; the order of receipt may not.
        self._last_key = max(time.time_ns(), self._last_key + 1)
        letter = await asyncio.to_thread(self._write, self._last_key, raw, sender, recipients)
        insort(self._letters, letter, key=lambda kept: kept.key)

    def letters(self, *, to: str | None = None, limit: int | None = None) -> list[Letter]:
        """Newest last; `to` is a recipient of the envelope, in any case, and `limit` the newest so many."""
        letters = [letter for letter in self._letters if to is None or letter.is_to(to)]
        return letters if limit is None else letters[max(len(letters) - limit, 0) :]

    def messages(self, *, to: str | None = None, limit: int | None = None) -> list[Message]:
        """The same in the form that goes outside."""
        return [letter.as_message() for letter in self.letters(to=to, limit=limit)]

    def letter(self, key: int) -> Letter | None:
        """The letter with that key."""
        return next((letter for letter in self._letters if letter.key == key), None)

    async def source(self, key: int) -> bytes | None:
        """The letter's bytes as they came, or None when there is no such letter."""
        try:
            return unpack_source(await asyncio.to_thread(self._path(key).read_bytes))
        except FileNotFoundError:
            return None

    async def remove(self, message_ids: Collection[str]) -> int:
        """Throws away the letters with these Message-IDs; answers how many."""
        gone = [letter for letter in self._letters if letter.message_id in message_ids]
        self._letters = [letter for letter in self._letters if letter not in gone]
        await asyncio.to_thread(remove_durably, [self._path(letter.key) for letter in gone])
        return len(gone)

    async def clear(self) -> None:
        """Throws away the letters that are here now."""
        gone, self._letters = self._letters, []
        await asyncio.to_thread(remove_durably, [self._path(letter.key) for letter in gone])

    def _path(self, key: int) -> Path:
        return self._folder / f"{key:020d}.json"

    def _read_all(self) -> list[Letter]:
        return [unpack_letter(int(path.stem), path.read_bytes()) for path in kept_files(self._folder)]

    def _write(self, key: int, raw: bytes, sender: str, recipients: tuple[str, ...]) -> Letter:
        letter = read_letter(key, raw, sender, recipients)
        write_whole(self._path(key), pack_letter(letter, raw))
        return letter
