"""Orders that are sent with an `Idempotency-Key`."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.reference_app.client import ITEMS, Client, Person

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"


def send(
    client: Client, owner: Person, key: str, body: object = ITEMS, by: Person | None = None
) -> httpx.Response:
    return client.post(f"{owner.path}/orders", by=by or owner, json=body, headers={HEADER: key})


def orders(client: Client) -> int:
    [row] = client.sql("SELECT count(*)::int AS n FROM orders")
    n: int = row["n"]
    return n


def keys(client: Client) -> int:
    [row] = client.sql("SELECT count(*)::int AS n FROM idempotency_keys")
    n: int = row["n"]
    return n


@contextmanager
def locked(client: Client, table: str) -> Iterator[None]:
    """Nobody can write to the table meanwhile."""
    with client.service.database.connect(superuser=True) as connection, connection.transaction():
        connection.execute(f"LOCK TABLE {table} IN SHARE MODE".encode())
        yield
