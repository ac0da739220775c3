"""What a busy hour looks like (X4): people who read their orders, and now and then place one.

    python -m reference_app seed --users 1000 --orders 100000
    LOAD_REPORT=report.json locust --locustfile reference_app/deploy/load/scenario.py \
        --headless --host http://127.0.0.1:8000 --users 200 --spawn-rate 50 --run-time 2m

Closed model: a person waits for an answer, then thinks, one second on average and exponentially
distributed, as independent people do. So P people ask P / (1 + answer time) times a second. While
answers take milliseconds that is as good as an open model. When they slow down, a closed model
asks less often, and its percentiles flatter the service: `rate` in the report, held against
P / 1 s, shows that it happened.

Each person is somebody else: one hot row would measure the cache. What is recorded before
WARM_UP_SECONDS after the last person has arrived is thrown away.
"""

import itertools
import json
import os
import random
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from locust import FastHttpUser, events, task
from locust.env import Environment
from locust.event import EventHook
from locust.stats import StatsEntry

WARM_UP_SECONDS = float(os.environ.get("WARM_UP_SECONDS", "10"))
THINK_SECONDS = 1.0
PASSWORD = "a demonstration only"  # noqa: S105 - that of the seed  # pragma: allowlist secret
PERCENTILES = (0.5, 0.95, 0.99)
MIX = {"list orders": 60, "read user": 25, "place order": 10, "log in": 5}
"""Of a hundred requests."""

numbers = (n for n in itertools.count(1) if n % 10)  # every tenth of the seed is not active


class Person(FastHttpUser):
    """Somebody with an account of the seed."""

    def on_start(self) -> None:
        self.email = f"user{next(numbers)}@example.com"
        self.log_in()

    def wait_time(self) -> float:
        return random.expovariate(1 / THINK_SECONDS)

    @task(MIX["list orders"])
    def list_orders(self) -> None:
        page = random.randint(1, 3)  # noqa: S311
        self.client.get(
            f"{self.path}/orders?page={page}&limit=20", headers=self.headers, name="list orders"
        )

    @task(MIX["read user"])
    def read_user(self) -> None:
        self.client.get(self.path, headers=self.headers, name="read user")

    @task(MIX["place order"])
    def place_order(self) -> None:
        quantity = random.randint(1, 5)  # noqa: S311
        item = {"product_name": "Paper tape", "quantity": quantity, "unit_price": "3.20"}
        order = {"items": [item]}
        self.client.post(
            f"{self.path}/orders", json=order, headers=self.headers, name="place order"
        )

    @task(MIX["log in"])
    def log_in(self) -> None:
        body = {"email": self.email, "password": PASSWORD}
        answer = self.client.post("/api/v1/auth/login", json=body, name="log in")
        token = answer.json()["data"]["access_token"]
        claims = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
        self.path = f"/api/v1/users/{claims['sub']}"
        self.headers = {"Authorization": f"Bearer {token}"}


def measure(environment: Environment, **_: Any) -> None:
    """Have the record start when caches and pools are filled, and written at the end."""
    warm = Event()

    def begin() -> None:
        gevent.sleep(WARM_UP_SECONDS)
        environment.stats.reset_all()
        warm.set()

    def end(**_: Any) -> None:
        path = Path(os.environ.get("LOAD_REPORT", "report.json"))
        path.write_text(json.dumps(report(environment), indent=2), "utf-8")
        if not warm.is_set() or environment.stats.total.num_failures:
            environment.process_exit_code = 1

    listen(environment.events.spawning_complete, lambda **_: gevent.spawn(begin))
    listen(environment.events.test_stop, end)


def report(environment: Environment) -> dict[str, Any]:
    """What was measured: times in milliseconds, rate in requests a second."""
    total = environment.stats.total
    seconds = time.time() - total.start_time

    def figures(entry: StatsEntry) -> dict[str, float]:
        return {
            "requests": entry.num_requests,
            "failures": entry.num_failures,
            "share": entry.num_requests / max(total.num_requests, 1),
            **{f"p{p * 100:g}": entry.get_response_time_percentile(p) for p in PERCENTILES},
        }

    return {
        "seconds": seconds,
        "rate": total.num_requests / seconds,
        "all": figures(total),
        "by_kind": {name: figures(one) for (name, _), one in environment.stats.entries.items()},
        "errors": [f"{one.name}: {one.error}" for one in environment.stats.errors.values()],
    }


def listen(hook: EventHook, listener: Callable[..., object]) -> None:
    """Have `listener` called at a moment of Locust's life."""
    hook.add_listener(listener)  # type: ignore[no-untyped-call]  # Locust has no types here


listen(events.init, measure)
