"""An HTTP answer as a suite reads it."""

from __future__ import annotations

import json
from typing import NoReturn

import httpx

from exercises.grading.exchange import JSON, Exchange

DEEPEST = 100
"""So deep may lists and objects be nested; what works on them calls itself for each level."""


class Unreadable(AssertionError):
    """An answer came, but not in the shape that was promised."""


class Answer:
    """An HTTP answer. `data`, `error` and `body` raise `Unreadable` when the JSON is not there."""

    def __init__(self, exchange: Exchange, response: httpx.Response) -> None:
        self.exchange = exchange
        self.status = response.status_code
        self.headers = response.headers
        self.text = text_of(response)

    @property
    def body(self) -> JSON:
        try:
            return read_json(self.text)
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
    text = text_of(response)
    try:
        return read_json(text)
    except ValueError:
        return text


def text_of(response: httpx.Response) -> str:
    """The body as UTF-8, whatever it says it is: that is what JSON is written in (RFC 8259)."""
    return response.content.decode(errors="replace")


def read_json(text: str) -> JSON:
    """What a JSON text says.

    Raises:
        ValueError: it is none (`NaN` is none), has a number of thousands of digits, or is nested
            deeper than `DEEPEST`.
    """
    try:
        content = json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested without end") from None
    if text.count("[") + text.count("{") > DEEPEST:
        _check_depth(content)
    return content


def _check_depth(content: JSON) -> None:
    level = [content]
    for _ in range(DEEPEST):
        parents, level = level, []
        for parent in parents:
            if isinstance(parent, dict):
                level += parent.values()
            elif isinstance(parent, list):
                level += parent
        if not level:
            return
    raise ValueError(f"nested deeper than {DEEPEST} levels")


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
