"""An HTTP answer as a suite reads it."""

from __future__ import annotations

import json

import httpx

from exercises.grading.exchange import JSON, Exchange


class Unreadable(AssertionError):
    """An answer came, but not in the shape that was promised."""


class Answer:
    """An HTTP answer. `data`, `error` and `body` raise `Unreadable` when the JSON is not there."""

    def __init__(self, exchange: Exchange, response: httpx.Response) -> None:
        self.exchange = exchange
        self.status = response.status_code
        self.headers = response.headers
        self.text = response.text

    @property
    def body(self) -> JSON:
        try:
            return json.loads(self.text)
        except ValueError:
            raise Unreadable(
                f"{self._what} came with a body that is not JSON: {self.text[:80]!r}"
            ) from None

    @property
    def data(self) -> JSON:
        return self._field("data")

    @property
    def error(self) -> JSON:
        return self._field("error")

    @property
    def pagination(self) -> JSON:
        return self._field("pagination")

    @property
    def seconds(self) -> float:
        return self.exchange.seconds

    def _field(self, name: str) -> JSON:
        body = self.body
        if not isinstance(body, dict) or name not in body:
            raise Unreadable(f"{self._what} has no “{name}” in its body.")
        return body[name]

    @property
    def _what(self) -> str:
        return f"The {self.status} answer to {self.exchange.method} {self.exchange.path}"


def readable(response: httpx.Response) -> JSON:
    """The body as JSON where it is, else as text."""
    try:
        return response.json()
    except ValueError:
        return response.text
