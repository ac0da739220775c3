"""One request and its answer, as evidence: recorded, masked, and made comparable."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from time import time
from typing import Any

from exercises.grading.plain import plain

JSON = Any
SHOWN_HEADERS = ("location", "retry-after", "www-authenticate", "content-type", "cache-control")
LONGEST_BODY = 20_000
LONGEST_LINE = 2_000
LONGEST_TOKEN = 500
LOOKED_AT = 2 * LONGEST_BODY
"""Characters of a text, or values of a JSON document, that are made ready to be shown."""

_TOKEN = re.compile(r"(?<![\w-])[\w-]{10,}\.[\w-]{5,}\.[\w-]*")
_UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
_EPOCH = re.compile(r'(?P<claim>"(?:iat|nbf|exp)": ?)(?P<seconds>\d{1,12})\b')
_HASH = re.compile(r"\$argon2\w*\$[^\s\"]+")
_SECRET_FIELD = re.compile(r"password|secret", re.IGNORECASE)


@dataclass
class Exchange:
    """What was asked and what came back. `status` is None when nothing did; `failure` says why."""

    method: str
    path: str
    request_id: str
    token: str | None = None
    request_body: JSON = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: JSON = None
    seconds: float = 0.0
    failure: str | None = None


@dataclass(frozen=True)
class Transcript:
    """An exchange ready to be shown: secrets masked, ids and times replaced by stable names.

    `request` and `response` are lines; `logs` the log events of that request; `statements` the SQL
    that the service ran since the criterion began, with how often.
    """

    request: list[str]
    response: list[str]
    logs: list[str]
    statements: list[str]


class Masker:
    """Replaces what must not be shown or differs by chance; equal things get equal names."""

    def __init__(self, request_id: str) -> None:
        self._names = {request_id: "‹request id›"}
        self._named: Counter[str] = Counter()
        self._values_left = LOOKED_AT

    def text(self, text: str) -> str:
        """The text, or as much of it as is looked at, without secrets; it can do no harm."""
        text = _HASH.sub("‹password hash›", plain(text[:LOOKED_AT]))
        text = _TOKEN.sub(lambda found: self._name("token", found[0]), text)
        text = _UUID.sub(lambda found: self._name("id", found[0].lower()), text)
        return _TIME.sub("‹time›", text)

    def json(self, value: JSON) -> JSON:
        """The same of a document; after `LOOKED_AT` values the rest is left out."""
        self._values_left -= 1
        if isinstance(value, dict):
            return {
                self.text(key): "‹masked›"
                if _SECRET_FIELD.search(key) and item
                else self.json(item)
                for key, item in islice(value.items(), self._most())
            }
        if isinstance(value, list):
            return [self.json(item) for item in value[: self._most()]]
        return self.text(value) if isinstance(value, str) else value

    def spelled_out(self) -> list[str]:
        """What the tokens named so far say: header and claims, never the signature."""
        tokens = {name: value for value, name in self._names.items() if name.startswith("‹token ")}
        return [f"{name}: {self.text(said)}" for name, v in tokens.items() if (said := _said_by(v))]

    def _most(self) -> int:
        return max(self._values_left, 0)

    def _name(self, kind: str, value: str) -> str:
        if value not in self._names:
            self._named[kind] += 1
            self._names[value] = f"‹{kind} {self._named[kind]}›"
        return self._names[value]


def _said_by(token: str) -> str:
    """Header and claims of a token, times relative to now; empty when they cannot be read."""
    try:
        parts = [part + "=" * (-len(part) % 4) for part in token.split(".")[:2]]
        said = " ".join(base64.urlsafe_b64decode(part).decode() for part in parts)
    except ValueError:
        return ""
    return _EPOCH.sub(_relative, said)[:LONGEST_TOKEN]


def _relative(found: re.Match[str]) -> str:
    """A time claim as seconds from now, to the nearest ten."""
    distance = round(int(found["seconds"]) - time(), -1)
    return f'{found["claim"]}"now{distance:+.0f}s"' if distance else f'{found["claim"]}"now"'


def transcript(exchange: Exchange, logs: list[str], statements: list[str]) -> Transcript:
    """The evidence of one exchange.

    Args:
        exchange: what was recorded.
        logs: lines of the service's log that belong to it.
        statements: SQL seen, one line each.
    """
    mask = Masker(exchange.request_id)
    request = [mask.text(f"{exchange.method} {exchange.path}")]
    if exchange.token is not None:
        request.append(mask.text(f"Authorization: Bearer {exchange.token}"))
    request += _body_lines(exchange.request_body, mask)
    request += mask.spelled_out()
    return Transcript(
        request=request,
        response=_response_lines(exchange, mask),
        logs=[_log_line(line, mask) for line in logs],
        statements=[mask.text(statement) for statement in statements],
    )


def _response_lines(exchange: Exchange, mask: Masker) -> list[str]:
    if exchange.status is None:
        return [exchange.failure or "no answer"]
    shown = [
        mask.text(f"{name}: {exchange.headers[name]}")
        for name in SHOWN_HEADERS
        if name in exchange.headers
    ]
    return [f"HTTP {exchange.status}", *shown, *_body_lines(exchange.body, mask)]


def _body_lines(body: JSON, mask: Masker) -> list[str]:
    if body is None or body == "":
        return []
    left_out = 0
    if isinstance(body, str):
        text = mask.text(body)
        left_out = max(0, len(body) - LOOKED_AT)
    else:
        text = json.dumps(mask.json(body), indent=1, ensure_ascii=False)
    if len(text) > LONGEST_BODY:
        left_out += len(text) - LONGEST_BODY
        text = f"{text[:LONGEST_BODY]}\n… {left_out:,} more characters"
    return text.splitlines()


def _log_line(line: str, mask: Masker) -> str:
    try:
        record = mask.json(json.loads(line))
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        return mask.text(line)[:LONGEST_LINE]
    left_out = {"timestamp", "request_id", "duration_ms", "level", "event", "exception"}
    details = [f"{key}={value}" for key, value in record.items() if key not in left_out]
    if "exception" in record:
        details.append(_raised(record["exception"]))
    words = [str(record.get("level", "")), str(record.get("event", "")), *details]
    return " ".join(words).strip()[:LONGEST_LINE]


def _raised(exception: JSON) -> str:
    """What was raised and where, of a structured traceback; the last line of one that is text."""
    try:
        raised = exception[0]
        frame = raised["frames"][-1]
        where = f"{frame['filename'].rsplit('/', 1)[-1]}:{frame['lineno']}"
        return f"{raised['exc_type']}: {raised['exc_value']} ({where})"
    except (IndexError, KeyError, TypeError):
        return str(exception).strip().rsplit("\n", 1)[-1]
