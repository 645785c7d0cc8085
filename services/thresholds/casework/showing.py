"""The versions of a piece, each with what it changed. Pure."""

from collections.abc import Sequence

from services.thresholds.casework.piece import Version, changed_fields
from services.thresholds.casework.schemas import CaseworkVersionOut


def versions_out(versions: Sequence[Version]) -> list[CaseworkVersionOut]:
    """Versions of one piece, oldest first, as the API shows them."""
    before: dict[str, object] = {}
    shown = []
    for version in versions:
        document = dict(version.document)
        shown.append(
            CaseworkVersionOut(
                version=version.version,
                saved_by=version.saved_by,
                saved_at=version.saved_at,
                changed=changed_fields(before, document),
                document=document,
            )
        )
        before = document
    return shown
