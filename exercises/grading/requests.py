"""Requests to a service, every one recorded with what came of it."""

from __future__ import annotations

import math
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from time import monotonic, perf_counter
from typing import Any

import httpx

from exercises.grading.answer import Answer, readable
from exercises.grading.exchange import JSON, Exchange
from exercises.grading.wire import Wire

PATIENCE = 3.0
"""Seconds that a request may take, answer and all, before the service counts as hanging."""

AS_ANY_CLIENT = {"Accept": "*/*", "User-Agent": f"python-httpx/{httpx.__version__}"}


class NoAnswer(AssertionError):
    """The service did not answer: it hung, broke the connection, or is gone."""


class Requests(ABC):
    """An HTTP client of one service; `exchanges` has what was sent and what came back."""

    def __init__(self) -> None:
        self._wire = Wire()
        self.ends = math.inf
        """When time is up for all requests together, by `time.monotonic`."""
        self.exchanges: list[Exchange] = []
        self.looked_at: list[Exchange] = []

    @property
    @abstractmethod
    def url(self) -> str:
        """The base address of the service, without a trailing slash."""

    def request(
        self,
        method: str,
        path: str,
        *,
        json: JSON = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        token: str | None = None,
        timeout: float = PATIENCE,
        at: str | None = None,
    ) -> Answer:
        """Sends one request, to the replica `at` that address if one is given, and records it.

        Raises:
            NoAnswer: no whole answer came within `timeout` seconds, or what came is no HTTP
                answer of bearable size.
        """
        sent = {**AS_ANY_CLIENT, "X-Request-ID": str(uuid.uuid4()), **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        patience = min(timeout, self.ends - monotonic())
        request = httpx.Request(
            method,
            (at or self.url) + path,
            json=json,
            content=content,
            headers=sent,
            params=params,
            extensions={"timeout": {"read": patience}},
        )
        exchange = Exchange(
            method=method,
            path=request.url.raw_path.decode(),
            request_id=sent["X-Request-ID"],
            token=token,
            request_body=json if content is None else content[:200].decode(errors="replace"),
        )
        self.exchanges.append(exchange)
        started = perf_counter()
        try:
            response = self._wire.handle_request(request)
        except httpx.TimeoutException:
            exchange.failure = f"no answer within {timeout:g} s"
            if patience < timeout:
                exchange.failure = "time is up for the suite as a whole"
            raise NoAnswer(f"{method} {exchange.path}: {exchange.failure}.") from None
        except httpx.TransportError as error:
            exchange.failure = f"the connection broke ({error or type(error).__name__})"
            raise NoAnswer(f"{method} {exchange.path}: {exchange.failure}.") from None
        exchange.seconds = perf_counter() - started
        exchange.status = response.status_code
        exchange.headers = {name.lower(): value for name, value in response.headers.items()}
        exchange.body = readable(response)
        return Answer(exchange, response)

    def get(self, path: str, **how: Any) -> Answer:
        return self.request("GET", path, **how)

    def post(self, path: str, **how: Any) -> Answer:
        return self.request("POST", path, **how)

    def put(self, path: str, **how: Any) -> Answer:
        return self.request("PUT", path, **how)

    def patch(self, path: str, **how: Any) -> Answer:
        return self.request("PATCH", path, **how)

    def delete(self, path: str, **how: Any) -> Answer:
        return self.request("DELETE", path, **how)

    def close(self) -> None:
        """Hang up."""
        self._wire.close()

    def look_at(self, answer: Answer) -> Answer:
        """Makes this the exchange that a failure shows; otherwise it is the last one."""
        self.looked_at.append(answer.exchange)
        return answer
