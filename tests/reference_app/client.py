"""What the conformance tests talk to the service with."""

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
from psycopg.pq import ExecStatus

from reference_app.running import Service

PASSWORD = "quite a long password"  # pragma: allowlist secret
ITEMS = {"items": [{"product_name": "Punched cards", "quantity": 3, "unit_price": "12.50"}]}


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in."""

    id: str
    email: str
    token: str
    refresh_token: str

    @property
    def path(self) -> str:
        return f"/api/v1/users/{self.id}"


class Client:
    """HTTP to one service, and a look at its database, cache and log."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._http = httpx.Client(base_url=service.url, timeout=10, trust_env=False)
        self._made = 0
        self._answers: list[httpx.Response] = []

    def close(self) -> None:
        self._http.close()

    def send(
        self, method: str, path: str, *, by: Person | None = None, **more: Any
    ) -> httpx.Response:
        """One request, as `by` or as nobody."""
        headers: Mapping[str, str] = more.pop("headers", {})
        if by is not None:
            headers = {"Authorization": f"Bearer {by.token}", **headers}
        answer = self._http.request(method, path, headers=headers, **more)
        self._answers.append(answer)
        return answer

    def get(self, path: str, *, by: Person | None = None, **more: Any) -> httpx.Response:
        return self.send("GET", path, by=by, **more)

    def post(self, path: str, *, by: Person | None = None, **more: Any) -> httpx.Response:
        return self.send("POST", path, by=by, **more)

    def patch(self, path: str, *, by: Person | None = None, **more: Any) -> httpx.Response:
        return self.send("PATCH", path, by=by, **more)

    def at_once(self, times: int, method: str, path: str, **more: Any) -> list[httpx.Response]:
        """The same request `times` times, together."""
        return self.at_once_each([more] * times, method, path)

    def at_once_each(
        self, requests: Sequence[Mapping[str, Any]], method: str, path: str
    ) -> list[httpx.Response]:
        """Several requests together, each with what it has of its own."""
        with ThreadPoolExecutor(len(requests)) as threads:
            calls = [threads.submit(self.send, method, path, **more) for more in requests]
            return [call.result() for call in calls]

    def register(self, email: str, full_name: str = "Ada Lovelace") -> httpx.Response:
        body = {"email": email, "password": PASSWORD, "full_name": full_name}
        return self.post("/api/v1/users", json=body)

    def log_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        return self.post("/api/v1/auth/login", json={"email": email, "password": password})

    def person(self, role: str = "user") -> Person:
        """Somebody new with this role."""
        self._made += 1
        email = f"{role}{self._made}@example.com"
        made = self.register(email)
        assert made.status_code == 201, made.text
        user_id = made.json()["data"]["id"]
        if role != "user":
            self.sql("UPDATE users SET role = %s WHERE id = %s", role, user_id)
        tokens = self.log_in(email).json()["data"]
        return Person(user_id, email, tokens["access_token"], tokens["refresh_token"])

    def refresh(self, token: str) -> httpx.Response:
        return self.post("/api/v1/auth/refresh", json={"refresh_token": token})

    def order(self, owner: Person, body: object = None) -> dict[str, Any]:
        made = self.post(f"{owner.path}/orders", by=owner, json=body or ITEMS)
        assert made.status_code == 201, made.text
        order: dict[str, Any] = made.json()["data"]
        return order

    def sql(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """Rows of a statement run as superuser."""
        with self.service.database.connect(superuser=True) as connection:
            return rows(connection, statement, *values)

    def log(self, event: str, of: httpx.Response | None = None) -> list[dict[str, Any]]:
        """The log lines of an event, once all requests that are answered have their access line.

        With `of`, only those of the request that was answered with it.
        """
        asked = {answer.headers["X-Request-ID"] for answer in self._answers}
        deadline = time.monotonic() + 5
        while True:
            lines = [json.loads(line) for line in self.service.logs()]
            ended = [line["request_id"] for line in lines if line["event"] == "request_finished"]
            finished = sum(request_id in asked for request_id in ended)
            if finished >= len(self._answers) or time.monotonic() > deadline:
                break
            time.sleep(0.005)
        request_id = of and of.headers["X-Request-ID"]
        return [
            line
            for line in lines
            if line["event"] == event and request_id in (None, line["request_id"])
        ]

    def statements(self) -> int:
        """How many statements the service has run since its database was reset."""
        [row] = self.sql(
            "SELECT coalesce(sum(calls), 0)::int AS calls FROM pg_stat_statements s"
            " JOIN pg_database d ON d.oid = s.dbid AND d.datdba = s.userid"
            " WHERE d.datname = current_database()"
        )
        calls: int = row["calls"]
        return calls


def rows(
    connection: psycopg.Connection[dict[str, Any]], statement: str, *values: object
) -> list[dict[str, Any]]:
    cursor = connection.execute(statement.encode(), values or None)
    result = cursor.pgresult  # a SELECT without columns has rows, too
    return cursor.fetchall() if result and result.status == ExecStatus.TUPLES_OK else []
