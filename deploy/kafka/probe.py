"""Ports of this machine."""

import itertools
import random
import socket

HOST = "127.0.0.1"

# Below Linux's range for outgoing connections (32768-60999). A port inside it may be given to a client that retries while the broker
# is down: the client then connects to itself, and the broker can't bind its port again.
_PORTS = range(20_000, 30_000)
_IN_TURN = itertools.cycle(random.sample(_PORTS, len(_PORTS)))


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
    """A port nobody listens on, outside the range of outgoing connections. It comes again after all others: its owner may be starting."""
    return next(port for port in _IN_TURN if is_free(port))
