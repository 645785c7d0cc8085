"""What the network says about a broker, without a client library: usable inside and outside an event loop."""

import random
import socket
import struct

HOST = "127.0.0.1"

# Below Linux's range for outgoing connections (32768-60999). A port inside it may be given to a client that retries while the broker
# is down: the client then connects to itself, and the broker can't bind its port again.
_PORTS = range(20_000, 30_000)

_METADATA = 3
_METADATA_VERSION = 2
_CORRELATION_ID = 1


def is_free(port: int) -> bool:
    """Whether a server could listen on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        # As Java does it: connections of a broker just ended linger in TIME_WAIT and don't take the port.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((HOST, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port nobody listens on, outside the range of outgoing connections."""
    return next(port for port in random.sample(_PORTS, len(_PORTS)) if is_free(port))


def cluster_id(port: int, timeout: float) -> str | None:
    """The cluster that the broker on the port serves.

    None when nothing answers, each step bounded by `timeout` seconds, or when the broker isn't in service yet.
    """
    try:
        with socket.create_connection((HOST, port), timeout=timeout) as connection:
            connection.sendall(_framed(struct.pack(">hhih", _METADATA, _METADATA_VERSION, _CORRELATION_ID, -1) + struct.pack(">i", 0)))
            (size,) = struct.unpack(">i", _read(connection, 4))
            return _cluster_id(_read(connection, size))
    except (OSError, struct.error):
        return None


def _framed(request: bytes) -> bytes:
    return struct.pack(">i", len(request)) + request


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise ConnectionError("closed amid an answer")
        data += piece
    return data


def _cluster_id(answer: bytes) -> str | None:
    """Metadata response, version 2: correlation id, [node id, host, port, rack], cluster id, and what isn't asked here."""
    _, brokers = struct.unpack_from(">ii", answer)
    position = 8
    for _ in range(brokers):
        position += 4
        _, position = _string(answer, position)
        position += 4
        _, position = _string(answer, position)
    cluster, _ = _string(answer, position)
    # A broker that is still fenced answers too, but names no broker: itself included.
    return cluster if brokers else None


def _string(answer: bytes, position: int) -> tuple[str | None, int]:
    (length,) = struct.unpack_from(">h", answer, position)
    start = position + 2
    return (None, start) if length < 0 else (answer[start : start + length].decode(), start + length)
