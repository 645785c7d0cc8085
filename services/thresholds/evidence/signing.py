"""Signatures on evidence, with the key of transfer documents: of the JSON as a JWS, of the PDF as its last line. Pure but for the key.

Readers of PDFs pass over a comment behind the end of the file, so the page and the proof that nobody changed it are one file.
"""

import hashlib
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from services.thresholds.evidence.document import FORMAT, EvidenceDocument
from services.thresholds.transfers.signing import Keyring, UntrustedError

JSON_TYPE: Final = "star-evidence+jws"
PDF_TYPE: Final = "star-evidence-pdf+jws"
MARK: Final = b"\n%star-signature: "
WHAT: Final = "document of evidence"


class Seal(Struct, frozen=True, kw_only=True):
    """The statement that is signed about a PDF: its digest, the school that made it, and when."""

    format: str = FORMAT
    school: str
    term: str
    made_at: datetime
    sha256: str


def signed_json(document: EvidenceDocument, payload: bytes, keyring: Keyring) -> str:
    """The JSON, signed in compact form."""
    assert document.format == FORMAT
    return keyring.sign(payload, JSON_TYPE)


def signed_pdf(pdf: bytes, document: EvidenceDocument, keyring: Keyring) -> bytes:
    """The PDF, with the signed statement about it as a last line."""
    seal = Seal(school=document.school, term=document.term.term, made_at=document.made_at, sha256=hashlib.sha256(pdf).hexdigest())
    return pdf + MARK + keyring.sign(msgspec.json.encode(seal), PDF_TYPE).encode() + b"\n"


def verified(content: bytes, keyring: Keyring) -> Seal:
    """The statement about evidence, as a PDF or as signed JSON, that a key which is trusted here has signed. Raises UntrustedError."""
    pdf, mark, signature = content.rpartition(MARK)
    try:
        if mark:
            seal = msgspec.json.decode(keyring.verify(signature.decode("ascii").strip(), PDF_TYPE, WHAT), type=Seal)
            if seal.sha256 != hashlib.sha256(pdf).hexdigest():
                raise UntrustedError("the signature does not fit the document: it was changed since it was signed")
            return seal
        payload = keyring.verify(content.decode("ascii").strip(), JSON_TYPE, WHAT)
        document = msgspec.json.decode(payload, type=EvidenceDocument)
    except UnicodeDecodeError as error:
        raise UntrustedError(f"this is not a signed {WHAT}") from error
    except msgspec.DecodeError as error:
        raise UntrustedError(f"this is not a {WHAT} of the format {FORMAT}") from error
    return Seal(school=document.school, term=document.term.term, made_at=document.made_at, sha256=hashlib.sha256(payload).hexdigest())
