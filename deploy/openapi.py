"""The OpenAPI documents of the four services as files: `python -m deploy.openapi FOLDER`."""

import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI

from services.ingest.app import create_app as create_ingest
from services.ingest.settings import IngestSettings
from services.moe_sync.app import create_app as create_moe_sync
from services.moe_sync.settings import MoeSyncSettings
from services.notifier.app import create_app as create_notifier
from services.notifier.settings import NotifierSettings
from services.thresholds.app import create_app as create_thresholds
from services.thresholds.settings import ThresholdsSettings

Document = dict[str, Any]

_DATA = Path(tempfile.gettempdir()) / "no-data"

APPS: Final[Mapping[str, Callable[[], FastAPI]]] = {
    "ingest": lambda: create_ingest(IngestSettings(data=_DATA)),
    "thresholds": lambda: create_thresholds(ThresholdsSettings(data=_DATA)),
    "notifier": lambda: create_notifier(NotifierSettings(data=_DATA)),
    "moe-sync": lambda: create_moe_sync(MoeSyncSettings(data=_DATA)),
}
"""The services' apps, for their documents: nothing is opened, and nothing is written."""


@cache
def documents() -> dict[str, Document]:
    """Each service's document, as its app serves it."""
    return {service: create().openapi() for service, create in APPS.items()}


def merged() -> Document:
    """One document of all services, for clients: each path begins with its service, as in one process."""
    whole: Document = {
        "openapi": "3.1.0",
        "info": documents()["ingest"]["info"] | {"title": "STAR", "summary": "All services"},
        "servers": documents()["ingest"]["servers"],
        "paths": {},
        "components": {"schemas": {}, "securitySchemes": {}},
        "tags": [],
    }
    for service, document in documents().items():
        whole["paths"] |= {f"/{service}{path}": _plain(item) for path, item in document["paths"].items()}
        for kind, parts in document["components"].items():
            whole["components"][kind] |= _plain(parts)
        whole["tags"] += [tag for tag in document["tags"] if tag not in whole["tags"]]
    return whole


def _plain(node: Any) -> Any:
    """A part of a document, in shapes that typed languages have.

    A list stands where a service takes a list or one of its entries, and a boolean where it takes one of its values: generators write
    code for these that does not compile.
    """
    if isinstance(node, list):
        return [_plain(entry) for entry in node]
    match node:
        case {"anyOf": [{"type": "array", "items": entries} as several, one]} if entries == one:
            return {**several, **{key: value for key, value in node.items() if key != "anyOf"}}
        case {"type": "boolean", "const": bool()}:
            return {key: value for key, value in node.items() if key != "const"}
        case dict():
            return {key: _plain(value) for key, value in node.items()}
    return node


def main(folder: Path) -> None:
    """Writes the documents into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for service, document in (documents() | {"star": merged()}).items():
        (folder / f"{service}.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
