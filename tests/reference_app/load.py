"""Clients that write and read without a pause, and an account of what they were told."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

import httpx

from tests.reference_app.client import Client, Person

CLIENTS = 10
PATIENCE_SECONDS = 20.0
PAUSE_SECONDS = 0.02
SOON_SECONDS = 20.0
NUMBERS = itertools.count(1)
"""Of all requests of all loads: no name is given twice."""


@dataclass(frozen=True)
class Call:
    """One request and its end; `status` is None when the connection broke."""

    what: str
    name: str
    began: float
    ended: float
    status: int | None
    retry_after: str | None
    broke: str = ""


class Load:
    """Ten clients on `urls`, as `people`, for as long as the block lasts.

    Nine take turns at writing an order with a name of its own and reading lists and users. The
    tenth renames the first person, so that the names have an order.
    """

    def __init__(self, people: Sequence[Person], *urls: str) -> None:
        self.calls: list[Call] = []
        self._people = people
        self._urls = urls
        self._stop = threading.Event()
        self._threads = ThreadPoolExecutor(CLIENTS)
        self._running: list[Future[None]] = []

    def __enter__(self) -> Self:
        self._running = [self._threads.submit(self._run, turn) for turn in range(CLIENTS)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._threads.shutdown()
        for one in self._running:
            one.result()

    def goes_on(self) -> float:
        """Wait until each kind of request has worked again from now on; the seconds that took."""
        since = time.monotonic()
        kinds = {"order", "rename", "list", "user"}
        self.until(lambda: kinds == {c.what for c in self.since(since) if well(c)})
        return time.monotonic() - since

    def until(self, seen: Callable[[], bool], seconds: float = SOON_SECONDS) -> None:
        """Wait until `seen` answers True."""
        deadline = time.monotonic() + seconds
        while not seen():
            assert time.monotonic() < deadline, self.summary()
            time.sleep(0.005)

    def since(self, moment: float) -> list[Call]:
        """The calls that began at this moment of the monotonic clock or later."""
        return [call for call in list(self.calls) if call.began >= moment]

    def answers(self) -> Counter[int | None]:
        """How often each status was answered."""
        return Counter(call.status for call in self.calls)

    def summary(self) -> str:
        """Answers, kinds of broken connections, and the slowest call."""
        broken = Counter(call.broke for call in self.calls if call.broke)
        slowest = max((call.ended - call.began for call in self.calls), default=0)
        return f"{dict(self.answers())} {dict(broken)} slowest {slowest:.2f} s"

    def _run(self, turn: int) -> None:
        person = self._people[turn % len(self._people)]
        url = self._urls[turn % len(self._urls)]
        headers = {"Authorization": f"Bearer {person.token}"}
        with httpx.Client(
            base_url=url, headers=headers, timeout=PATIENCE_SECONDS, trust_env=False
        ) as http:
            while not self._stop.is_set():
                if turn == 0:
                    self._call(http, "rename", "PATCH", self._people[0].path, "full_name")
                    continue
                self._call(http, "order", "POST", f"{person.path}/orders", "items")
                self._call(http, "list", "GET", f"{person.path}/orders?limit=2")
                self._call(http, "user", "GET", person.path)

    def _call(
        self, http: httpx.Client, what: str, method: str, path: str, writes: str | None = None
    ) -> None:
        if self._stop.is_set():
            return
        name = f"{what} {next(NUMBERS)}"
        body = {"items": items(name), "full_name": name}
        began = time.monotonic()
        status, retry_after, broke = None, None, ""
        try:
            answer = http.request(method, path, json=writes and {writes: body[writes]})
            status, retry_after = answer.status_code, answer.headers.get("Retry-After")
        except httpx.TransportError as error:
            broke = type(error).__name__
        self.calls.append(Call(what, name, began, time.monotonic(), status, retry_after, broke))
        if status is None or status >= 500:
            time.sleep(PAUSE_SECONDS)


def items(name: str) -> list[dict[str, object]]:
    """Two items of an order that both tell its name."""
    return [
        {"product_name": f"{name} {part}", "quantity": 2, "unit_price": "1.25"}
        for part in ("first", "second")
    ]


def well(call: Call) -> bool:
    """Whether the call did what it was for."""
    return call.status in (200, 201)


def account(client: Client, load: Load) -> dict[str, int]:
    """What the database says about what the clients were told; all counts have to be 0."""
    found = client.sql(
        "SELECT o.id, o.total_amount = sum(i.quantity * i.unit_price) AS adds_up,"
        " array_agg(i.product_name ORDER BY i.position) AS names"
        " FROM orders o LEFT JOIN order_items i ON i.order_id = o.id GROUP BY o.id"
    )
    times = Counter(row["names"][0].removesuffix(" first") for row in found if row["names"][0])
    whole = [
        row
        for row in found
        if row["adds_up"]
        and [str(n).rpartition(" ")[2] for n in row["names"]] == ["first", "second"]
    ]
    written = [call.name for call in load.calls if call.what == "order" and call.status == 201]
    return {
        "lost": sum(times[name] == 0 for name in written),
        "duplicates": sum(number > 1 for number in times.values()),
        "half done": len(found) - len(whole),
        "renames undone": renames_undone(client, load),
        "500s": sum(call.status == 500 for call in load.calls),
        "no Retry-After": sum(c.status == 503 and c.retry_after is None for c in load.calls),
    }


def renames_undone(client: Client, load: Load) -> int:
    """1 when neither the last acknowledged name stands, nor one whose fate was left open later."""
    renames = [call for call in load.calls if call.what == "rename"]
    last = max(number for number, call in enumerate(renames) if well(call))
    [row] = client.sql("SELECT full_name FROM users ORDER BY created_at LIMIT 1")
    return int(row["full_name"] not in [call.name for call in renames[last:]])
