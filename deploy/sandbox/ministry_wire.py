"""An upload as it comes over the wire: headers, digest, size, compression. Every refusal is a ProblemError."""

import base64
import binascii
import hashlib
import re
import zlib
from dataclasses import dataclass

from starlette.requests import Request

from deploy.sandbox.problems import ProblemError

MAX_WIRE_BYTES = 10 * 1024 * 1024
MAX_DOCUMENT_BYTES = 50 * 1024 * 1024  # a bound for what a few compressed bytes may swell to
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
# One member of RFC 9530's dictionary; others, such as sha-512, may stand beside it.
_SHA_256 = re.compile(r"(?:^|,)[ \t]*sha-256=:([A-Za-z0-9+/]+=*):[ \t]*(?=,|$)")


@dataclass(frozen=True, slots=True)
class Wired:
    """A request whose headers are in order and whose digest is true. `body` is as sent, `sha256` its digest in hexadecimal."""

    key: str
    sha256: str
    body: bytes
    gzipped: bool


async def read_body(request: Request) -> bytes:
    """The bytes as sent. Raises ProblemError 413 beyond MAX_WIRE_BYTES, before more is read."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_WIRE_BYTES:
            raise ProblemError(413, "too-large", f"An upload has at most {MAX_WIRE_BYTES} bytes")
    return bytes(body)


def check_wire(request: Request, body: bytes) -> Wired:
    """Raises ProblemError: 400 for a header that is missing or wrong, 415 for a type or coding that is not read."""
    key = _one(request, "Idempotency-Key")
    if not _KEY.fullmatch(key):
        raise ProblemError(400, "bad-header", "Idempotency-Key must be 1 to 255 visible ASCII characters")
    digest = _one(request, "Content-Digest")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ProblemError(415, "unsupported-type", "Content-Type must be application/json", headers={"Accept": "application/json"})
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip"):
        raise ProblemError(415, "unsupported-coding", "Content-Encoding must be gzip or absent", headers={"Accept-Encoding": "gzip"})
    sha256 = hashlib.sha256(body)
    if _sha_256_of(digest) != sha256.digest():
        raise ProblemError(400, "digest-mismatch", "Content-Digest is not the SHA-256 of the content as it arrived")
    return Wired(key, sha256.hexdigest(), body, gzipped=coding == "gzip")


def document_bytes(wired: Wired) -> bytes:
    """The document, unpacked. Raises ProblemError: 400 when the gzip is broken, 413 when it swells beyond MAX_DOCUMENT_BYTES."""
    if not wired.gzipped:
        return wired.body
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        document = unpacker.decompress(wired.body, MAX_DOCUMENT_BYTES)
    except zlib.error as error:
        raise ProblemError(400, "bad-gzip", "The content is not gzip") from error
    if unpacker.unconsumed_tail:
        raise ProblemError(413, "too-large", f"A document has at most {MAX_DOCUMENT_BYTES} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise ProblemError(400, "bad-gzip", "The content is not one whole gzip member")
    return document


def _one(request: Request, name: str) -> str:
    values = request.headers.getlist(name)
    if len(values) != 1 or not values[0]:
        raise ProblemError(400, "missing-header", f"{name} is required, once")
    return values[0]


def _sha_256_of(header: str) -> bytes:
    found = _SHA_256.search(header)
    if found is None:
        raise ProblemError(400, "bad-header", "Content-Digest must hold sha-256=:base64:")
    try:
        return base64.b64decode(found[1], validate=True)
    except binascii.Error as error:
        raise ProblemError(400, "bad-header", "Content-Digest's sha-256 is not base64") from error
