"""The events' documents of the reference, written from the catalogue."""

from pathlib import Path
from typing import Final

from shared.events.asyncapi import document_json
from shared.events.catalogue import EVENTS
from shared.web.events_documents import schema_json

FOLDER: Final = Path("docs/reference")


def documents() -> dict[Path, bytes]:
    """Each document's place and text, as they should be."""
    schemas = {FOLDER / "schemas" / f"{event.name}.json": schema_json(event.name) for event in EVENTS}
    return {FOLDER / "asyncapi.json": document_json()} | schemas


def write() -> None:
    """Writes them all, and drops the schemas of events that are no more."""
    texts = documents()
    (FOLDER / "schemas").mkdir(parents=True, exist_ok=True)
    for stale in set((FOLDER / "schemas").glob("*.json")) - texts.keys():
        stale.unlink()
    for path, text in texts.items():
        path.write_bytes(text)
