"""What the safeguards cost: the service with all of them, without each, and a bare route beside.

    python -m tests.benchmarks.service [--seconds 5] [--orders 1000 10000 100000 1000000]

One worker each, measured by `wrk` (a Debian package), one after another on the same servers; only
the ratios mean something, and only on a machine that does nothing else.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID

import httpx
import psutil  # type: ignore[import-untyped]

from reference_app.running import Backend, start
from reference_app.running.database import Database
from reference_app.running.ports import free_port
from reference_app.seed import PASSWORD
from tests.reference_app.traffic import wait_until

CONNECTIONS = 16
ORDERS_OF_A_USER = 20
"""However many there are in all: what shows is the cost of a large table, not of a long list."""

USER = UUID(hashlib.md5(b"user 1", usedforsecurity=False).hexdigest())
"""The id that the seed gives to user 1."""

NO_END_OF_QUOTA = {"RATE_LIMIT_READ": "100000000/minute"}
SAFEGUARDS = {
    "reference_app.security.json_bodies": "JsonBodies",
    "reference_app.security.body_limit": "BodyLimit",
    "reference_app.security.rate_limits": "LimitRequests",
    "reference_app.security.headers": "SecurityHeaders",
    "reference_app.observability.logging": "AccessLog",
    "reference_app.observability.metrics": "MeasureRequests",
    "reference_app.observability.tracing": "TraceRequests",
    "reference_app.errors": "CatchDefects",
}
SWITCHED_OFF = """

async def _pass_on(self, scope, receive, send):
    await self.app(scope, receive, send)


{name}.__call__ = _pass_on
"""


@dataclass(frozen=True)
class Figures:
    """Of one run against one address."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float

    def beside(self, other: "Figures") -> str:
        return (
            f"{self.per_second:7.0f}/s  p50 {self.p50_ms:6.1f} ms  p99 {self.p99_ms:6.1f} ms"
            f"  cpu {self.cpu_us:6.0f} µs   ×{self.per_second / other.per_second:.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--orders", type=int, nargs="+", default=[10**3, 10**4, 10**5, 10**6])
    asked = parser.parse_args()
    with start("embedded") as backend:
        for orders in asked.orders:
            database = backend.database()
            with backend.command(
                *("seed", "--users", str(orders // ORDERS_OF_A_USER), "--orders", str(orders)),
                database=database,
            ) as seeding:
                assert seeding.wait() == 0, seeding.logs()
            report(backend, database, asked.seconds, orders, each=orders == asked.orders[0])
            database.drop()


def report(backend: Backend, database: Database, seconds: int, orders: int, *, each: bool) -> None:
    """Print the figures with so many orders; `each` safeguard switched off if that is asked."""
    for path in ("", "/orders?limit=20"):
        print(f"\n{orders} orders, GET /users/{{id}}{path}")
        with bare(backend, database) as url:
            alone = measured(url, path, seconds)
        print(f"  bare route        {alone.beside(alone)}")
        with served(backend, database) as url:
            whole = measured(url, path, seconds)
        print(f"  all safeguards    {whole.beside(alone)}")
        for module, name in SAFEGUARDS.items() if each else ():
            with served(backend, database, (module, name)) as url:
                print(f"  no {name:15}{measured(url, path, seconds).beside(alone)}")


@contextmanager
def served(
    backend: Backend, database: Database, without: tuple[str, str] | None = None
) -> Iterator[str]:
    """The address of the service, one of its middlewares switched off by a file in its place."""
    with tempfile.TemporaryDirectory() as directory:
        replace = {}
        if without is not None:
            module, name = without
            spec = find_spec(module)
            assert spec is not None and spec.origin is not None
            replace[module] = Path(directory) / "changed.py"
            source = Path(spec.origin).read_text("utf-8")
            replace[module].write_text(source + SWITCHED_OFF.format(name=name), "utf-8")
        settings = NO_END_OF_QUOTA
        with backend.service(replace=replace, settings=settings, database=database) as service:
            yield service.url


@contextmanager
def bare(backend: Backend, database: Database) -> Iterator[str]:
    """The address of the bare routes."""
    with backend.service(database=database, start=False) as service:
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.bare", str(port)],
            env={"PATH": os.environ["PATH"], **service.settings},
        )
        try:
            wait_until(lambda: answers(f"http://127.0.0.1:{port}"))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def answers(url: str) -> bool:
    """Whether anything does."""
    try:
        httpx.get(url)
    except httpx.TransportError:
        return False
    return True


def measured(url: str, path: str, seconds: int) -> Figures:
    """`wrk` for so long, after a second to warm up."""
    login = {"email": "user1@example.com", "password": PASSWORD}
    told = httpx.post(f"{url}/api/v1/auth/login", json=login)
    token = told.json()["data"]["access_token"] if told.is_success else "none"
    address = f"{url}/api/v1/users/{USER}{path}"
    header = {"Authorization": f"Bearer {token}"}
    assert httpx.get(address, headers=header).status_code == 200
    process = listener(url)
    wrk(address, token, 1)
    before = sum(process.cpu_times()[:2])
    said = wrk(address, token, seconds)
    spent = sum(process.cpu_times()[:2]) - before
    assert "Non-2xx" not in said, said
    requests = float(re.findall(r"(\d+) requests in", said)[0])
    return Figures(
        per_second=requests / seconds,
        p50_ms=milliseconds(re.findall(r"\n +50% +(\S+)", said)[0]),
        p99_ms=milliseconds(re.findall(r"\n +99% +(\S+)", said)[0]),
        cpu_us=spent / requests * 1e6,
    )


def listener(url: str) -> "psutil.Process":
    """The process that listens there."""
    port = int(url.rsplit(":", 1)[1])
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
            return psutil.Process(connection.pid)
    raise AssertionError(f"nobody listens on {port}")


def wrk(address: str, token: str, seconds: int) -> str:
    """What it prints."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    command += ["-H", f"Authorization: Bearer {token}", address]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=seconds + 30
    ).stdout


def milliseconds(text: str) -> float:
    """`1.2ms`, `950.00us` or `2.1s` as wrk writes them."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


if __name__ == "__main__":
    main()
