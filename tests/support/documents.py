"""The OpenAPI documents of the four services, made once for a run."""

from collections.abc import Iterator
from typing import Final

from deploy.openapi import APPS, Document, documents

__all__ = ["APPS", "METHODS", "SERVICES", "Document", "documents", "operations"]

SERVICES: Final = tuple(APPS)
METHODS: Final = ("get", "put", "post", "patch", "delete")


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    """`GET /v1/...` and the operation."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]
