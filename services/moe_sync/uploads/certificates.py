"""A certificate of what was sent: what, when, which way, and what the Ministry's end gave for it. As data and as a page."""

import json
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from services.moe_sync.uploads.schemas import ChangesOut, CountsOut

TEMPLATE: Final = "certificate.typ"


class CertificateOut(BaseModel):
    """What was sent of a school's week. `document_digest` is the SHA-256 of the document's bytes, `checksum` that of its content.

    `marked_by` and `note` are there for an upload that a person carried; `keep_until` is when the evidence is erased.
    """

    certificate: Literal["nz.star.upload-certificate.v1"] = "nz.star.upload-certificate.v1"
    upload: UUID
    school: str
    school_name: str
    term: str
    week: str
    number: int
    format: str
    format_version: str
    built_at: datetime
    answered_at: datetime
    status: Literal["accepted", "partly-accepted"]
    adapter: str | None
    idempotency_key: str
    document_digest: str
    checksum: str
    receipt: str
    counts: CountsOut
    changes: ChangesOut
    rejected: int
    attempts: int
    marked_by: str | None
    note: str | None
    keep_until: datetime


def keep_until(answered_at: datetime, keep_for: timedelta) -> datetime:
    """When the evidence of an upload is erased."""
    return answered_at + keep_for


def page_of(certificate: CertificateOut, zone: ZoneInfo) -> bytes:
    """The certificate as a PDF (accessible, PDF/UA-1). Takes a tenth of a second; call it in a thread."""
    # Imported only where it is used: it carries a compiler.
    import typst  # noqa: PLC0415

    source = (files(__package__) / TEMPLATE).read_bytes()
    said = certificate.model_dump(mode="json") | {
        "built": _local(certificate.built_at, zone),
        "answered": _local(certificate.answered_at, zone),
        "kept": certificate.keep_until.astimezone(zone).date().isoformat(),
    }
    pdf: bytes = typst.compile(
        source, format="pdf", sys_inputs={"certificate": json.dumps(said)}, ignore_system_fonts=True, pdf_standards=["ua-1"]
    )
    return pdf


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%d %B %Y, %H:%M:%S} ({zone.key})"
