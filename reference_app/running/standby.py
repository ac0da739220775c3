"""A container's Python that has imported what it can, and waits to be told what to become.

    python -m reference_app.running.standby LOG PORT MODULE...

The modules are those over which files will be mounted; until then they are not imported.

The first connection to the service's port brings one line of JSON, {"argv", "environment"}, and
gets `go` back; from then on the process is `python -m reference_app ARGV` on that same socket.
"""

import json
import socket
import sys
from typing import Any

from reference_app.running.preload import LIBRARIES, import_application, import_library
from reference_app.running.service_process import limit_resources, run, send_output_to

GO = b"go\n"


def receive_orders(listener: socket.socket) -> dict[str, Any]:
    """Wait for the line and acknowledge it; connections that end without one are ignored."""
    while True:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            if line := lines.readline():
                connection.sendall(GO)
                orders: dict[str, Any] = json.loads(line)
                return orders


def main() -> None:
    """Arguments: the file that takes the output, the port, modules that are replaced."""
    log, port, *replaced = sys.argv[1:]
    send_output_to(log)
    limit_resources()
    for library in LIBRARIES:
        import_library(library)
    import_application(without=replaced)
    with socket.create_server(("", int(port))) as listener:
        orders = receive_orders(listener)
        sys.exit(run(orders["argv"], orders["environment"], listener))


if __name__ == "__main__":
    main()
