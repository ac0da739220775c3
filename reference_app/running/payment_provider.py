"""A stand-in for a payment provider, which can be told to fail in the ways that real ones do.

    python payment_provider.py HOST PORT

    POST /accounts            a new account: {"account", "control"}
    POST /{account}/charges   {"reference", "amount"} with an Idempotency-Key: {"id", "amount"}
    PUT  /{control}           how that account behaves from now on, see `Behaviour`
    GET  /{control}           what came: {"requests", "charges", "most_at_once"}

A key is charged once; sent again it gets the same charge. A refusal is not remembered under a key.
Whoever knows an account can charge, and only whoever opened it knows its control. Standard library
only: it runs as a script, in a container of the service's image or without one.
"""

import json
import os
import socket
import struct
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

PATIENCE_SECONDS = 60.0
DRIP_SECONDS = 0.05

Does = Literal["charge", "decline", "fail", "garbage", "drip", "hang", "reset"]


@dataclass(frozen=True)
class Behaviour:
    """`fail` answers `status`, `drip` a byte at a time, `hang` never, `reset` cuts the connection.

    It holds for so many `times`, then all is well; always when that is None. With `charges` the
    money is taken all the same: only the answer is lost.
    """

    does: Does = "charge"
    times: int | None = None
    status: int = 500
    retry_after: str | None = None
    charges: bool = False


@dataclass
class Account:
    """What one account was asked for, and how it behaves."""

    behaviour: Behaviour = Behaviour()
    requests: list[dict[str, object]] = field(default_factory=list)
    charges: dict[str, dict[str, str]] = field(default_factory=dict)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def request(self, key: str, trace: str) -> Iterator[Behaviour]:
        """Count one, from its start to its end."""
        with self.lock:
            self.requests.append({"at": time.monotonic(), "key": key, "trace": trace})
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            behaviour = self._next_behaviour()
        try:
            yield behaviour
        finally:
            with self.lock:
                self.at_once -= 1

    def charge(self, key: str, amount: str) -> dict[str, str]:
        """The charge of this key, made when it is the first time."""
        with self.lock:
            new = {"id": f"ch_{uuid.uuid4().hex}", "amount": amount}
            return self.charges.setdefault(key or new["id"], new)

    def _next_behaviour(self) -> Behaviour:
        now = self.behaviour
        if now.times is not None:
            left = now.times - 1
            self.behaviour = replace(now, times=left) if left else Behaviour()
        return now


class Provider(ThreadingHTTPServer):
    """All accounts, by the name that charges and by the one that controls."""

    request_queue_size = 128

    def __init__(self, address: tuple[str, int]) -> None:
        self.accounts: dict[str, Account] = {}
        self.controls: dict[str, Account] = {}
        super().__init__(address, Requests)


class Requests(BaseHTTPRequestHandler):
    """The requests of one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Provider

    def do_POST(self) -> None:
        """Open an account, or charge."""
        first, _, rest = self.path.strip("/").partition("/")
        body = self._body()
        if (first, rest) == ("accounts", ""):
            self._open_account()
        elif rest == "charges" and first in self.server.accounts:
            self._charge(self.server.accounts[first], body)
        else:
            self._answer(404, {})

    def do_PUT(self) -> None:
        """Change how an account behaves."""
        body = self._body()
        if account := self.server.controls.get(self.path.strip("/")):
            account.behaviour = Behaviour(**body)
        self._answer(200 if account else 404, {})

    def do_GET(self) -> None:
        """What an account was asked for."""
        if account := self.server.controls.get(self.path.strip("/")):
            seen = ("requests", "charges", "most_at_once")
            self._answer(200, {name: getattr(account, name) for name in seen})
        else:
            self._answer(404, {})

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Nothing: whoever wants to know asks."""

    def _open_account(self) -> None:
        account, names = Account(), {"account": uuid.uuid4().hex, "control": uuid.uuid4().hex}
        self.server.accounts[names["account"]] = self.server.controls[names["control"]] = account
        self._answer(201, names)

    def _charge(self, account: Account, body: Any) -> None:
        key = self.headers.get("Idempotency-Key", "")
        with account.request(key, self.headers.get("traceparent", "")) as behaviour:
            if behaviour.does in ("charge", "drip") or behaviour.charges:
                charge = account.charge(key, body["amount"])
            match behaviour.does:
                case "charge":
                    self._answer(201, charge)
                case "decline":
                    self._answer(402, {"reason": "declined"})
                case "fail":
                    self._answer(behaviour.status, {}, retry_after=behaviour.retry_after)
                case "garbage":
                    self._send(201, b"<html>It works!</html>")
                case "drip":
                    self._drip(json.dumps(charge).encode())
                case "hang":
                    self._wait_for_hang_up()
                case "reset":
                    self._reset()

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")

    def _answer(self, status: int, body: object, *, retry_after: str | None = None) -> None:
        more = {} if retry_after is None else {"Retry-After": retry_after}
        self._send(status, json.dumps(body).encode(), **more)

    def _send(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _drip(self, content: bytes) -> None:
        self.send_response(201)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            for byte in content:
                self.wfile.write(bytes([byte]))
                time.sleep(DRIP_SECONDS)
        except OSError:
            self.close_connection = True

    def _wait_for_hang_up(self) -> None:
        self.close_connection = True
        self.connection.settimeout(PATIENCE_SECONDS)
        try:
            self.connection.recv(1)
        except OSError:
            return

    def _reset(self) -> None:
        """Close without lingering: the other side gets a RST instead of an end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())


if __name__ == "__main__":
    Provider((sys.argv[1], int(sys.argv[2]))).serve_forever()
