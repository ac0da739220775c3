"""Exports that are under way: read as far as a test wants, and counted in the database."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

from tests.reference_app.client import Client, Person
from tests.reference_app.traffic import wait_until

PATH = "/api/v1/reports/orders"
LAST_CHUNK = b"\r\n0\r\n\r\n"
EXPORTING = (
    "SELECT FROM pg_stat_activity WHERE application_name = 'reference_app export'"
    " AND datname = current_database()"
)


def exporting(client: Client) -> int:
    """How many connections there are for exports."""
    return len(client.sql(EXPORTING))


class Export:
    """The raw connection of one export: read as far as a test wants, or not at all."""

    def __init__(self, client: Client, by: Person) -> None:
        address = urlsplit(client.service.url)
        self._socket = socket.create_connection((str(address.hostname), address.port or 80), 10)
        request = f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {by.token}\r\n\r\n"
        self._socket.sendall(request.encode())
        self.bytes = 0
        self._end = b""
        self.ended = False

    def read(self, until: Callable[[], bool] = lambda: False) -> None:
        """Take what comes until its last chunk, or until somebody says so."""
        while not self.ended and not until():
            piece = self._socket.recv(1 << 18)
            assert piece, "the export was cut"
            self.bytes += len(piece)
            self._end = (self._end + piece)[-len(LAST_CHUNK) :]
            self.ended = self._end == LAST_CHUNK

    def close(self) -> None:
        self._socket.close()


@contextmanager
def exports(client: Client, number: int) -> Iterator[list[Export]]:
    """So many exports that have begun."""
    with ExitStack() as ending:
        by = client.person("support")
        begun = []
        for _ in range(number):
            begun.append(Export(client, by))
            ending.callback(begun[-1].close)
        wait_until(lambda: exporting(client) == number)
        yield begun
