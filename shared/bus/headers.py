"""Message headers as one text, for a database column."""

import msgspec

from shared.bus.interface import Headers

_decoder = msgspec.json.Decoder(list[tuple[str, str]])


def headers_to_text(headers: Headers) -> str:
    """JSON pairs; bytes are kept one to one as Latin-1, whatever they are."""
    return msgspec.json.encode([(name, value.decode("latin-1")) for name, value in headers]).decode()


def headers_from_text(text: str) -> Headers:
    """The headers that `headers_to_text` wrote."""
    return tuple((name, value.encode("latin-1")) for name, value in _decoder.decode(text))
