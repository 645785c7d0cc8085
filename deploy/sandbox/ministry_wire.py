"""An upload as it comes over the wire: headers, digest, size, compression. Every refusal is a ProblemError."""

import base64
import binascii
import hashlib
import re
import zlib
from dataclasses import dataclass

from starlette.requests import Request

from deploy.sandbox.problems import ProblemError
from shared.web.headers import content_coding, media_type

MAX_WIRE_BYTES = 10 * 1024 * 1024
MAX_DOCUMENT_BYTES = 50 * 1024 * 1024  # a bound for what a few compressed bytes may swell to
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
# One member of RFC 9530's dictionary; others, such as sha-512, may stand beside it.
_SHA_256 = re.compile(r"(?:^|,)[ \t]*sha-256=:([A-Za-z0-9+/]+=*):[ \t]*(?=,|$)")


@dataclass(frozen=True, slots=True)
class Envelope:
    """The headers of an upload. `sha256` is the digest, in hexadecimal, that its content as sent must have."""

    key: str
    sha256: str
    gzipped: bool


@dataclass(frozen=True, slots=True)
class Wired:
    """An upload whose headers are in order and whose digest is true. `document` is unpacked, `sha256` its digest in hexadecimal.

    Compressed or not, the same document under the same key is the same upload.
    """

    key: str
    sha256: str
    document: bytes


async def read_body(request: Request, limit: int = MAX_WIRE_BYTES) -> bytes:
    """The bytes as sent. Raises ProblemError 413 beyond the limit, before more is read."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise ProblemError(413, "too-large", f"An upload has at most {limit} bytes")
    return bytes(body)


def check_envelope(request: Request) -> Envelope:
    """Raises ProblemError: 400 for a header that is missing or wrong, 415 for a type or coding that is not read."""
    key = _one_header(request, "Idempotency-Key")
    if not _KEY.fullmatch(key):
        raise ProblemError(400, "bad-header", "Idempotency-Key must be 1 to 255 visible ASCII characters")
    digest = _one_header(request, "Content-Digest")
    if media_type(request.headers.get("content-type")) != "application/json":
        raise ProblemError(415, "unsupported-type", "Content-Type must be application/json", headers={"Accept": "application/json"})
    coding = content_coding(request.headers.get("content-encoding"))
    if coding not in ("identity", "gzip"):
        raise ProblemError(415, "unsupported-coding", "Content-Encoding must be gzip or absent", headers={"Accept-Encoding": "gzip"})
    return Envelope(key, _sha_256_of(digest).hex(), gzipped=coding == "gzip")


def open_envelope(envelope: Envelope, content: bytes) -> Wired:
    """The document in its envelope. Raises ProblemError: 400 for an untrue digest or broken gzip, 413 for what swells too much."""
    if hashlib.sha256(content).hexdigest() != envelope.sha256:
        raise ProblemError(400, "digest-mismatch", "Content-Digest is not the SHA-256 of the content as it arrived")
    document = _unpacked(content) if envelope.gzipped else content
    return Wired(envelope.key, hashlib.sha256(document).hexdigest(), document)


def _one_header(request: Request, name: str) -> str:
    """The header's value. Raises ProblemError 400 when it is missing, empty or there more than once."""
    values = request.headers.getlist(name)
    if len(values) != 1 or not values[0]:
        raise ProblemError(400, "missing-header", f"{name} is required, once")
    return values[0]


def _unpacked(content: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        document = unpacker.decompress(content, MAX_DOCUMENT_BYTES)
    except zlib.error as error:
        raise ProblemError(400, "bad-gzip", "The content is not gzip") from error
    if unpacker.unconsumed_tail:
        raise ProblemError(413, "too-large", f"A document has at most {MAX_DOCUMENT_BYTES} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise ProblemError(400, "bad-gzip", "The content is not one whole gzip member")
    return document


def _sha_256_of(header: str) -> bytes:
    found = _SHA_256.search(header)
    if found is None:
        raise ProblemError(400, "bad-header", "Content-Digest must hold sha-256=:base64:")
    try:
        return base64.b64decode(found[1], validate=True)
    except binascii.Error as error:
        raise ProblemError(400, "bad-header", "Content-Digest's sha-256 is not base64") from error
