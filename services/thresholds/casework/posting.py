"""Posts that may be sent again: a key of the client's makes the id, so the same request is recorded once."""

import uuid
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.casework import repository as casework
from services.thresholds.casework.piece import Kind, Piece
from services.thresholds.casework.student import Child
from shared.identifiers import casework_id
from shared.web.problems import ProblemError


def id_for(child: Child, kind: Kind, key: str | None) -> uuid.UUID:
    """The id of a new piece."""
    return uuid.uuid4() if key is None else casework_id(kind, child.identity, key)


async def posted_before(
    connection: AsyncConnection, kind: Kind, piece_id: uuid.UUID, document: Mapping[str, Any], drawn: Collection[str] = ()
) -> Piece | None:
    """The piece that the same request made; None for a new one. `drawn` are fields that the request left to us.

    Raises ProblemError 409 for another request under the key.
    """
    piece = await casework.get(connection, kind, piece_id)
    if piece is None:
        return None
    first = (await casework.versions(connection, piece_id))[0]
    if any(first.document.get(name) != value for name, value in document.items() if name not in drawn):
        raise ProblemError(HTTPStatus.CONFLICT, "key-used", "this Idempotency-Key was sent with another request about this student")
    return piece
