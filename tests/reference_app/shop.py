"""A service that takes payments at the stand-in provider."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import httpx

from reference_app.running.payment_account import PaymentAccount
from tests.reference_app.client import Client, Person

TRY, DEADLINE, BREAKER = 0.5, 2.5, 1.5
OUTBOUND_LIMITS = {
    "OUTBOUND_CONNECT_SECONDS": "0.3",
    "OUTBOUND_TRY_SECONDS": str(TRY),
    "OUTBOUND_DEADLINE_SECONDS": str(DEADLINE),
    "OUTBOUND_CALLS_AT_ONCE": "4",
    "BREAKER_FAILURES": "5",
    "BREAKER_SECONDS": str(BREAKER),
    "DATABASE_POOL_SIZE": "2",
}


@dataclass
class Shop:
    """A service that charges at a provider, and people: one orders, one has it paid."""

    client: Client
    provider: PaymentAccount
    ada: Person
    support: Person

    def order(self) -> str:
        order_id: str = self.client.order(self.ada)["id"]
        return order_id

    def pay(self, order_id: str) -> httpx.Response:
        return self.client.patch(
            f"/api/v1/orders/{order_id}", by=self.support, json={"status": "paid"}
        )

    def cancel(self, order_id: str, if_match: str | None = None) -> httpx.Response:
        return self.client.patch(
            f"/api/v1/orders/{order_id}",
            by=self.ada,
            json={"status": "cancelled"},
            headers={} if if_match is None else {"If-Match": if_match},
        )

    def status(self, order_id: str) -> str:
        answer = self.client.get(f"/api/v1/orders/{order_id}", by=self.ada)
        status: str = answer.json()["data"]["status"]
        return status

    def tries(self, *order_ids: str) -> int:
        """How often the provider was asked to charge these orders."""
        return sum(key in order_ids for key in self.provider.seen().keys)

    def wait_for_a_try(self, order_id: str) -> None:
        deadline = time.monotonic() + 10
        while not self.tries(order_id):
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def gaps(self, order_id: str) -> list[float]:
        """The seconds between these tries."""
        seen = self.provider.seen()
        times = [at for at, key in zip(seen.times, seen.keys, strict=True) if key == order_id]
        return [later - earlier for earlier, later in pairwise(times)]

    @contextmanager
    def held(self, order_id: str) -> Iterator[None]:
        """Nobody can change the order meanwhile."""
        with self.client.service.database.connect(superuser=True) as connection:
            connection.execute("BEGIN")
            connection.execute("SELECT FROM orders WHERE id = %s FOR UPDATE", [order_id])
            yield

    def waiting(self) -> int:
        """How many transactions wait for something that another one holds."""
        return len(
            self.client.sql(
                "SELECT FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock'"
            )
        )

    def payments(self) -> dict[str, str]:
        rows = self.client.sql("SELECT order_id::text AS id, amount::text FROM payments")
        return {row["id"]: row["amount"] for row in rows}


def paid_within(shop: Shop, order_id: str, seconds: float) -> None:
    """Try to have it paid until the breaker is closed."""
    deadline = time.monotonic() + seconds
    while (answer := shop.pay(order_id)).status_code != 200:
        assert answer.status_code == 503
        assert time.monotonic() < deadline
        time.sleep(0.02)


def timed(shop: Shop, order_id: str) -> tuple[httpx.Response, float]:
    started = time.monotonic()
    answer = shop.pay(order_id)
    return answer, time.monotonic() - started


def is_unavailable(answer: httpx.Response) -> bool:
    return answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
