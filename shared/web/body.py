"""Request bodies, read with bounds: on the wire and after decompression."""

import zlib
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from typing import Final

from fastapi import Request

from shared.web.problems import ProblemError

CHUNK: Final = 256 * 1024


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, decompressed.

    `limit` is in bytes and holds for what arrives as well as for what it expands to. Raises ProblemError: 413 past the limit,
    415 for an encoding other than gzip, 400 for a damaged one, and for one of several members, which no usual client writes.
    """
    body = bytearray()
    async for piece in body_pieces(request, limit):
        body += piece
    return bytes(body)


async def body_pieces(request: Request, limit: int) -> AsyncIterator[bytes]:
    """The body as it arrives, decompressed, in pieces of bounded size; with the same errors, once they are met."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding not in {"identity", "gzip"}:
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-encoding", "Content-Encoding is gzip or none")
    inflater = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    received = expanded = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > limit:
            raise _too_large(limit)
        if inflater is None:
            yield chunk
            continue
        for piece in _inflate(inflater, chunk):
            expanded += len(piece)
            if expanded > limit:
                raise _too_large(limit)
            yield piece
    if inflater is not None and not inflater.eof:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "damaged-gzip", "the gzip body ends too early")


def _inflate(inflater: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    while chunk:
        if inflater.eof:
            raise ProblemError(HTTPStatus.BAD_REQUEST, "damaged-gzip", "there are bytes after the end of the gzip body")
        try:
            piece = inflater.decompress(chunk, CHUNK)
        except zlib.error as error:
            raise ProblemError(HTTPStatus.BAD_REQUEST, "damaged-gzip", "the body is not gzip") from error
        yield piece
        chunk = inflater.unconsumed_tail or inflater.unused_data


def _too_large(limit: int) -> ProblemError:
    return ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", f"the body is larger than {limit} bytes")
