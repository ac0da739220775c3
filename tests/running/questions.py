"""What the contract's tests ask a service and its database."""

import time
from collections.abc import Callable

import httpx

from reference_app.running import Service

PATIENCE_SECONDS = 15.0


def ready(service: Service) -> int:
    """The status of `GET /ready`, which asks both servers."""
    return httpx.get(f"{service.url}/ready", timeout=PATIENCE_SECONDS).status_code


def becomes(expected: object, ask: Callable[[], object]) -> bool:
    """Whether the answer is the expected one before patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if ask() == expected:
            return True
    return False


def register(service: Service, email: str = "ada@example.org") -> httpx.Response:
    """Make a user over HTTP."""
    person = {
        "email": email,
        "password": "correct horse battery",  # pragma: allowlist secret
        "full_name": "Ada L.",
    }
    return httpx.post(f"{service.url}/api/v1/users", json=person, timeout=PATIENCE_SECONDS)


def users(service: Service) -> int:
    """How many rows the service's own database has."""
    with service.database.connect() as connection:
        row = connection.execute("SELECT count(*) AS users FROM users").fetchone()
    assert row is not None
    return int(row["users"])


def access_lines(service: Service) -> int:
    """How many requests the log has the end of."""
    return sum("request_finished" in line for line in service.logs())
