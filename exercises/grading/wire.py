"""HTTP/1.1 that comes to an end: one exchange, however its answer is written, is bounded.

A client's time-out is for each read, so an answer that drips, or is a flood of `100 Continue`,
would last for ever. Here time and bytes are counted where they come in: on the socket.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import Any

import httpcore
import httpx

LARGEST_ANSWER = 8 * 2**20
"""Bytes of an exchange's answer, heads included, as they come over the wire."""

MOST_CONNECTIONS = 200


@dataclass
class Rest:
    """What is left to an exchange: seconds until `ends` (`time.monotonic`), and bytes."""

    ends: float
    size: int = LARGEST_ANSWER

    def seconds(self, most: float | None) -> float:
        """Seconds for one step. Raises `httpcore.ReadTimeout` when there are none."""
        left = self.ends - monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("time is up")
        return left if most is None else min(left, most)

    def take(self, received: bytes) -> bytes:
        """Counts what was received. Raises `httpcore.ReadError` when it is too much."""
        self.size -= len(received)
        if self.size < 0:
            raise httpcore.ReadError(f"its answer is longer than {LARGEST_ANSWER // 2**20} MB")
        return received


_REST: ContextVar[Rest] = ContextVar("rest")


class Wire(httpx.BaseTransport):
    """One exchange after the other, in any thread; connections are kept. No redirects, no cookies.

    A request's `timeout` extension (its `read`, in seconds) is for the whole exchange.
    """

    def __init__(self) -> None:
        self._pool = httpcore.ConnectionPool(
            max_connections=MOST_CONNECTIONS, network_backend=_Network()
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, read to its end.

        Raises:
            httpx.TimeoutException: it was not whole in time.
            httpx.TransportError: it is too large, no HTTP, or compressed (which nobody asked
                for: a few bytes could become any number).
        """
        bounds = request.extensions["timeout"]
        token = _REST.set(Rest(monotonic() + bounds["read"]))
        try:
            with _as_httpx():
                answer = self._pool.handle_request(_plain_request(request))
                try:
                    content = answer.read()
                finally:
                    answer.close()
        finally:
            _REST.reset(token)
        headers = httpx.Headers(answer.headers)
        encoding = headers.get("content-encoding", "identity")
        if encoding.lower() != "identity":
            raise httpx.RemoteProtocolError(f"its answer is encoded as {encoding[:40]}")
        return httpx.Response(answer.status, headers=headers, content=content, request=request)

    def close(self) -> None:
        """Hang up."""
        self._pool.close()


class _Network(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        seconds = _REST.get().seconds(timeout)
        return _Stream(
            self._sockets.connect_tcp(host, port, seconds, local_address, socket_options)
        )


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        rest = _REST.get()
        return rest.take(self._stream.read(max_bytes, rest.seconds(timeout)))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _REST.get().seconds(timeout))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _plain_request(request: httpx.Request) -> httpcore.Request:
    headers = [(name, value) for name, value in request.headers.raw if name != b"accept-encoding"]
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        ),
        headers=[*headers, (b"Accept-Encoding", b"identity")],
        content=request.read(),
        extensions={"timeout": request.extensions["timeout"]},
    )


@contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except httpcore.TimeoutException as error:
        raise httpx.ReadTimeout(str(error)) from error
    except httpcore.ProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
    except httpcore.NetworkError as error:
        raise httpx.ReadError(str(error)) from error
