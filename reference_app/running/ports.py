"""Free ports on the loopback address, from below the range that outgoing connections use.

A server that was killed can so come back on its port: nobody's client socket took it meanwhile.
"""

import contextlib
import random
import socket

RANGE = range(20_000, 32_000)
TRIES = 200


def bound_socket(port: int = 0) -> socket.socket:
    """A TCP socket bound to `port` on 127.0.0.1, or to a free one when it is 0 or taken."""
    candidates = random.sample(RANGE, TRIES)
    for candidate in [port, *candidates] if port else candidates:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", candidate))
            return listener
        listener.close()
    raise OSError("no free port between 20000 and 32000 on 127.0.0.1")


def free_port() -> int:
    """A port that was free a moment ago, for a server that binds it itself."""
    with bound_socket() as listener:
        port: int = listener.getsockname()[1]
        return port
