"""H2: the head of a request has a bound, and nothing else is counted against it."""

import itertools
import json
import re
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest

from tests.reference_app.client import Client

LIMIT = 65_536
MEGABYTE = 1_000_000
BEGUN = b"GET /health HTTP/1.1\r\nHost: x\r\n"
REQUEST = BEGUN + b"\r\n"


@contextmanager
def connection(client: Client) -> Iterator[socket.socket]:
    address = urlsplit(client.service.url)
    with socket.create_connection((str(address.hostname), address.port or 80), 5) as connected:
        yield connected


def all_of(connected: socket.socket) -> bytes:
    """Everything until the service closes."""
    return b"".join(iter(lambda: connected.recv(65_536), b""))


def head_of(size: int) -> bytes:
    """A head with so many bytes."""
    head = BEGUN + b"Connection: close\r\nX-Long: \r\n\r\n"
    return head.replace(b"X-Long: ", b"X-Long: " + b"x" * (size - len(head)))


def sent_until_closed(connected: socket.socket, pieces: Iterable[bytes]) -> int:
    """How many bytes the service takes before it closes."""
    sent = 0
    with suppress(ConnectionError):
        for piece in pieces:
            connected.sendall(piece)
            sent += len(piece)
    return sent


@pytest.mark.spec("H2")
def test_a_head_may_have_64_kibibytes_and_not_one_byte_more(client: Client) -> None:
    for size, status in ((LIMIT, b"200"), (LIMIT + 1, b"431")):
        with connection(client) as connected:
            connected.sendall(head_of(size)[:LIMIT])
            assert all_of(connected).split()[1] == status, size


@pytest.mark.spec("H1", "E3", "H2")
@pytest.mark.parametrize(
    "begun",
    [
        b"GET /" + b"x" * LIMIT,
        b"GET /?" + b"x" * LIMIT,
        BEGUN + b"X-Long: " + b"x" * LIMIT,
        BEGUN + b"X" * LIMIT,
        BEGUN + b"X-Many: x\r\n" * (LIMIT // 8),
    ],
    ids=["path", "query", "value", "name", "fields"],
)
def test_it_is_refused_before_its_end_by_an_error_like_any_other(
    client: Client, begun: bytes
) -> None:
    with connection(client) as connected:
        connected.sendall(begun[:LIMIT])
        head, _, body = all_of(connected).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:])
    assert headers["connection"] == "close"
    assert headers["content-security-policy"] == "default-src 'self'"
    answer = json.loads(body)
    assert (answer["success"], answer["error"]["code"]) == (False, "HEAD_TOO_LARGE")
    assert answer["meta"]["request_id"] == headers["x-request-id"]
    [line] = client.log("head_too_large")
    assert line["request_id"] == headers["x-request-id"]


def resident_bytes(client: Client) -> float:
    found = re.search(
        r"^process_resident_memory_bytes (\S+)$", client.get("/metrics").text, re.MULTILINE
    )
    assert found is not None
    return float(found[1])


@pytest.mark.spec("H2")
@pytest.mark.parametrize(
    "begun",
    [
        BEGUN + b"X-Long: ",
        b"POST /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Long: ",
        REQUEST + BEGUN + b"X-Long: ",
    ],
    ids=["head", "trailer", "pipelined"],
)
def test_a_field_without_end_takes_no_memory(client: Client, begun: bytes) -> None:
    before = resident_bytes(client)
    with connection(client) as connected:
        pieces = itertools.chain([begun], itertools.repeat(b"x" * 65_536, 30_000_000 // 65_536))
        sent = sent_until_closed(connected, pieces)
        assert resident_bytes(client) - before < 10 * MEGABYTE
    assert sent < 20 * MEGABYTE, "what the buffers of two sockets hold, and not all of it"


@pytest.mark.spec("H2")
def test_requests_on_one_connection_are_counted_one_by_one(client: Client) -> None:
    answers = [client.get("/health", headers={"X-Long": "x" * 40_000}) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.spec("H2")
def test_requests_sent_in_one_go_are_all_answered(client: Client) -> None:
    number = 2 * LIMIT // len(REQUEST)
    with connection(client) as connected:
        connected.sendall(REQUEST * number + head_of(200))
        assert all_of(connected).count(b"HTTP/1.1 200 ") == number + 1


@pytest.mark.spec("H2")
@pytest.mark.parametrize("chunked", [True, False])
def test_bodies_are_not_counted(client: Client, *, chunked: bool) -> None:
    halves = b'{"refresh_token": "' + b"x" * 30_000, b"x" * 30_000 + b'"}'
    headers = {"Content-Type": "application/json"}
    for _ in range(4):
        content = iter(halves) if chunked else b"".join(halves)
        answer = client.post("/api/v1/auth/logout", content=content, headers=headers)
        assert answer.status_code == 400
