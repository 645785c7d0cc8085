"""Uploads by hand: the files are written to a folder, or only offered for download, and a person takes them to the Ministry."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.moe_sync.adapters.interface import Answer, Parcel, Placed, Unsettled
from shared.files import write_whole

PLACED = "waits to be uploaded by hand"

Archive = Callable[[bytes], bytes]
"""Makes a ZIP archive of CSV files from the bytes of a document."""


@dataclass(frozen=True, slots=True)
class FolderAdapter:
    """Writes `<folder>/<school>/<week>-<number>.json` and `.zip` (the same as CSV); without a folder nothing is written."""

    folder: Path | None
    archive: Archive

    async def send(self, parcel: Parcel) -> Answer:
        """Lays the files ready. Doing so again writes the very same files."""
        if self.folder is not None:
            try:
                await asyncio.to_thread(self._write, self.folder / parcel.school, parcel)
            except OSError as error:
                return Unsettled("folder", f"the folder can't be written to ({type(error).__name__})", arrived=False)
        return Placed(PLACED)

    def _write(self, folder: Path, parcel: Parcel) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{parcel.week}-{parcel.number}"
        write_whole(folder / f"{name}.zip", self.archive(parcel.body))
        write_whole(folder / f"{name}.json", parcel.body)
