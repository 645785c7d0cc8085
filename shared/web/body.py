"""Request bodies, read with bounds: on the wire and after decompression. Nothing else of ours reads a body."""

import zlib
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from typing import Final

from fastapi import Request

from shared.web.headers import content_coding, content_length
from shared.web.problems import ProblemError

CHUNK: Final = 256 * 1024

MOST_EXPANSION: Final = 200
FREE_EXPANSION: Final = 4 * 1024 * 1024
"""A gzip body may expand to so many bytes whatever it is made of, and past that two hundredfold. A roll in which all are present expands
fifty times; gzip itself reaches a thousand, which is nothing but a bomb."""


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
    declared = content_length(request.headers.get("content-length"))
    if declared is not None and declared > limit:
        raise _too_large(limit)
    encoding = content_coding(request.headers.get("content-encoding"))
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
            if expanded > max(FREE_EXPANSION, received * MOST_EXPANSION):
                raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "the gzip body expands to more than any data of ours")
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
