"""Calls to other services: bounded in time, in number, and in what they can drag down (L3).

    Outbound.send ── bulkhead ── deadline ── tries ─┬─ breaker ── one try
                                                    └─ pause

- Time: connecting, one try and the whole call, pauses included, each have their limit.
- Tries: three at most, and only one of a request that may not be sent twice: a POST or PATCH
  without an idempotency key (RFC 9110 section 9.2.2). What may pass is tried again: no answer, one
  that cannot be read, 408, 429, 5xx. The pauses grow and are jittered, or are what `Retry-After`
  asks for; one that would outlast the deadline is not begun.
- Breaker: after some failed tries in a row a host is left alone for a while. Then one try goes
  through as a probe, and its outcome decides whether the others may follow.
- Bulkhead: a host has so many calls at a time and no more. A slow one so holds neither all
  connections nor all memory.

Each host has its own breaker and bulkhead. What ends without an answer is `Unavailable`, with the
seconds after which it makes sense to come again; nothing of it ever passes for success.
"""

import asyncio
import json
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import stamina
import structlog

from reference_app.config import Settings
from reference_app.errors import Unavailable

log = structlog.get_logger()

TRIES = 3
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0
JITTER_SECONDS = 0.1
LONGEST_RETRY_AFTER_SECONDS = 3600.0
ANSWER_BYTES = 65_536
IDEMPOTENT = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")
PASSING = (408, 429)


@dataclass(frozen=True)
class Answer:
    """What the other service said; `body` is the JSON object of a 2xx, and empty otherwise."""

    status: int
    body: Mapping[str, Any]


class Outbound:
    """The one way to call another service."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._hosts: dict[str, _Host] = {}
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(
                settings.outbound_try_seconds, connect=settings.outbound_connect_seconds
            ),
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            trust_env=False,
        )

    async def send(
        self,
        method: str,
        url: str,
        *,
        body: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Send a request, with `body` as JSON, and give the answer back: a 2xx, 3xx or 4xx.

        Raises Unavailable when there is none within the limits, or the host is left alone.
        """
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        request = self._client.build_request(method, url, json=body, headers=headers)
        tries = TRIES if idempotency_key is not None or method in IDEMPOTENT else 1
        host = self._host(request.url.netloc.decode())
        seconds = self._settings.outbound_deadline_seconds
        with host.place():
            try:
                async with asyncio.timeout(seconds):
                    return await self._tried(request, host, tries, time.monotonic() + seconds)
            except _NoAnswer as error:
                raise Unavailable(math.ceil(error.retry_after or 1)) from error
            except TimeoutError as error:
                raise Unavailable(1) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _tried(
        self, request: httpx.Request, host: "_Host", tries: int, deadline: float
    ) -> Answer:
        def again(error: Exception) -> bool | float:
            """Whether to try again; a number is after how many seconds."""
            if not isinstance(error, _NoAnswer):
                return False
            if error.retry_after is None:
                return True
            return error.retry_after if time.monotonic() + error.retry_after < deadline else False

        async for attempt in stamina.retry_context(
            on=again,
            attempts=tries,
            timeout=None,
            wait_initial=FIRST_PAUSE_SECONDS,
            wait_max=LONGEST_PAUSE_SECONDS,
            wait_jitter=JITTER_SECONDS,
        ):
            with attempt, host.breaker():
                return await self._once(request)
        raise AssertionError("the last try gives an answer or raises")

    async def _once(self, request: httpx.Request) -> Answer:
        """One try. Its limit holds for all of it: a byte now and then does not extend it."""
        try:
            async with asyncio.timeout(self._settings.outbound_try_seconds):
                response = await self._client.send(request, stream=True)
                try:
                    return await _answer(response)
                finally:
                    await response.aclose()
        except (httpx.HTTPError, TimeoutError) as error:
            raise _NoAnswer(type(error).__name__) from error

    def _host(self, name: str) -> "_Host":
        return self._hosts.setdefault(name, _Host(name, self._settings))


class _NoAnswer(Exception):
    """A try that failed and may work the next time; the other side may have said when."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class _Host:
    """One host: how many calls it has, and whether it is left alone."""

    def __init__(self, name: str, settings: Settings) -> None:
        self._name = name
        self._settings = settings
        self._calls = 0
        self._failures = 0
        self._alone_until: float | None = None
        self._probing = False

    @contextmanager
    def place(self) -> Iterator[None]:
        """One of the places for calls. Raises Unavailable when all are taken."""
        if self._calls >= self._settings.outbound_calls_at_once:
            raise Unavailable(1)
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1

    @contextmanager
    def breaker(self) -> Iterator[None]:
        """Let a try through and note how it went. Raises Unavailable while the host is alone."""
        probe = self._alone_until is not None
        if self._alone_until is not None:
            wait = self._alone_until - time.monotonic()
            if wait > 0 or self._probing:
                raise Unavailable(max(1, math.ceil(wait)))
            self._probing = True
        try:
            yield
        except BaseException:
            self._note(failed=True, probe=probe)
            raise
        self._note(failed=False, probe=probe)

    def _note(self, *, failed: bool, probe: bool) -> None:
        if probe:
            self._probing = False
        elif self._alone_until is not None:
            return  # it began before the breaker opened: too long ago to tell
        self._failures = self._failures + 1 if failed else 0
        if self._failures >= self._settings.breaker_failures:
            self._alone_until = time.monotonic() + self._settings.breaker_seconds
            log.warning("breaker_opened", host=self._name, failures=self._failures)
        elif probe:
            self._alone_until = None
            log.info("breaker_closed", host=self._name)


async def _answer(response: httpx.Response) -> Answer:
    """Read the answer, as far as it is of use. Raises _NoAnswer for one that may be better soon."""
    status = response.status_code
    if status in PASSING or response.is_server_error:
        raise _NoAnswer(f"status {status}", _seconds(response.headers.get("Retry-After")))
    if not response.is_success:
        return Answer(status, {})
    content = b""
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > ANSWER_BYTES:
            raise _NoAnswer("an answer without end")
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _NoAnswer("no JSON") from error
    if not isinstance(body, dict):
        raise _NoAnswer("no JSON object")
    return Answer(status, body)


def _seconds(retry_after: str | None) -> float | None:
    """RFC 9110 section 10.2.3: seconds or a date. What is neither says nothing."""
    if retry_after is None:
        return None
    if retry_after.isdecimal():
        return min(float(retry_after), LONGEST_RETRY_AFTER_SECONDS)
    try:
        wait = parsedate_to_datetime(retry_after).astimezone(UTC) - datetime.now(UTC)
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, wait.total_seconds()), LONGEST_RETRY_AFTER_SECONDS)
