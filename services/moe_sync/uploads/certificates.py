"""A certificate of what was sent: what, when, which way, and what the Ministry's end gave for it. As data and as a page."""

import json
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from services.moe_sync.uploads.schemas import CertificateOut

TEMPLATE: Final = "certificate.typ"


def keep_until(answered_at: datetime, keep_for: timedelta) -> datetime:
    """The moment at which the evidence of an upload is erased."""
    return answered_at + keep_for


def page_of(certificate: CertificateOut, zone: ZoneInfo) -> bytes:
    """The certificate as a PDF (accessible, PDF/UA-1). Takes a tenth of a second; call it in a thread."""
    # Imported only where it is used: it carries a compiler.
    import typst  # noqa: PLC0415

    source = (files(__package__) / TEMPLATE).read_bytes()
    content = certificate.model_dump(mode="json") | {
        "built": _local(certificate.built_at, zone),
        "answered": _local(certificate.answered_at, zone),
        "kept": certificate.keep_until.astimezone(zone).date().isoformat(),
    }
    pdf: bytes = typst.compile(
        source, format="pdf", sys_inputs={"certificate": json.dumps(content)}, ignore_system_fonts=True, pdf_standards=["ua-1"]
    )
    return pdf


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%d %B %Y, %H:%M:%S} ({zone.key})"
