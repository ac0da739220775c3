"""Whatever a service sends in place of an answer, the exchange ends, and what is wrong is told."""

import gzip
import json
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import chain, repeat
from time import monotonic, sleep

import pytest

from exercises.grading.answer import Unreadable
from exercises.grading.requests import NoAnswer, Requests

PATIENCE = 0.3
DRIP_SECONDS = 0.05
MB = b"x" * 2**20


class Client(Requests):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    @property
    def url(self) -> str:
        return self._url


@contextmanager
def sending(pieces: Iterable[bytes]) -> Iterator[Client]:
    """A client of a server that sends these to whoever asks anything, then hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.recv(1 << 16)
                for piece in pieces:
                    connection.sendall(piece)

        threading.Thread(target=serve, daemon=True).start()
        with closing(Client(f"http://127.0.0.1:{listener.getsockname()[1]}")) as client:
            yield client


def dripping(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece
        sleep(DRIP_SECONDS)


def whole(body: bytes, *headers: str, status: str = "200 OK") -> list[bytes]:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers])
    return [f"{head}\r\n\r\n".encode(), body]


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
IN_TIME = "no answer within 0.3 s"

NO_ANSWERS: dict[str, tuple[Iterable[bytes], str]] = {
    "nothing at all": (dripping(b""), IN_TIME),
    "a head that drips": (chain([HEAD], dripping(b"X-A: b\r\n")), IN_TIME),
    "a body that drips": (chain([HEAD, b"\r\n"], dripping(b"x")), IN_TIME),
    "chunks that drip": (chain([CHUNKED], dripping(b"1\r\nx\r\n")), IN_TIME),
    "100 Continue without end": (repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), "no answer|longer than"),
    "103 with headers, dripping": (dripping(b"HTTP/1.1 103 Early\r\nX: y\r\n\r\n"), IN_TIME),
    "a body without end": (chain([HEAD, b"\r\n"], repeat(MB)), "longer than 8 MB"),
    "chunks without end": (chain([CHUNKED], repeat(b"100000\r\n" + MB + b"\r\n")), "longer than 8"),
    "100 MB": (whole(MB * 100), "longer than 8 MB"),
    "headers without end": (chain([HEAD], repeat(b"X-Flood: " + b"y" * 1000 + b"\r\n")), "broke"),
    "one header of 1 MB": ([HEAD + b"X: " + MB + b"\r\n\r\n"], "broke"),
    "no HTTP": ([b"220 mail.example.com ESMTP\r\n"], "broke"),
    "TLS": ([b"\x16\x03\x01\x02\x00\x01\x00"], "broke"),
    "a status in words": ([b"HTTP/1.1 fine OK\r\n\r\n"], "broke"),
    "a header without a colon": ([b"HTTP/1.1 200 OK\r\nwhatever\r\n\r\n"], "broke"),
    "a header with a NUL": ([b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"], "broke"),
    "two lengths": (whole(b"{}", "Content-Length: 3"), "broke"),
    "a negative length": ([b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"], "broke"),
    "less than it says": ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"], "broke"),
    "a bomb": (whole(gzip.compress(MB * 7), "Content-Encoding: gzip"), "encoded as gzip"),
    "an unknown encoding": (whole(b"{}", "Content-Encoding: rot13"), "encoded as rot13"),
}


@pytest.mark.parametrize(("pieces", "told"), NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_no_answer_ends_in_time_and_is_told(pieces: Iterable[bytes], told: str) -> None:
    with sending(pieces) as client, pytest.raises(NoAnswer, match=told):
        client.get("/", timeout=PATIENCE)
    assert client.exchanges[-1].failure is not None


def test_time_for_all_requests_together_ends() -> None:
    with sending(dripping(b"")) as client:
        client.ends = monotonic() + DRIP_SECONDS
        for _ in range(2):
            with pytest.raises(NoAnswer, match="time is up for the suite as a whole"):
                client.get("/", timeout=60)


def test_redirects_are_not_followed_and_cookies_not_kept() -> None:
    headers = ("Location: http://127.0.0.1:1/", "Set-Cookie: grader=1")
    with sending([*whole(b"", *headers, status="302 Found"), *whole(b"{}")]) as client:
        answer = client.get("/")
    assert (answer.status, answer.headers["location"]) == (302, "http://127.0.0.1:1/")
    assert not hasattr(client, "cookies")


NO_JSON: dict[str, bytes] = {
    "nested 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "nested 500 deep": b'{"data":' * 500 + b"1" + b"}" * 500,
    "a number of 10,000 digits": b"1" * 10_000,
    "not a number": b'{"data": NaN}',
    "infinity": b'{"data": -Infinity}',
    "not UTF-8": b'{"data": \xff\xfe}',
    "a pickle": b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix",
    "UTF-16": json.dumps({"data": 1}).encode("utf-16"),
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_is_told(body: bytes) -> None:
    with sending(whole(body)) as client:
        answer = client.get("/")
    with pytest.raises(Unreadable, match="not JSON"):
        _ = answer.data
    assert isinstance(answer.exchange.body, str)


@pytest.mark.parametrize("charset", ["idna", "zlib", "unicode_escape", "utf-7", "punycode"])
def test_bodies_are_utf_8_whatever_they_say(charset: str) -> None:
    body = b'{"data": "+2AA-"}'
    with sending(whole(body, f"Content-Type: application/json; charset={charset}")) as client:
        assert client.get("/").data == "+2AA-"


def test_headers_that_come_twice_are_joined() -> None:
    with sending(whole(b"{}", "ETag: a", "ETag: b")) as client:
        assert client.get("/").headers["etag"] == "a, b"


def test_what_comes_while_nothing_was_asked_is_nobodys_answer() -> None:
    answered, sent = threading.Event(), threading.Event()

    def pieces() -> Iterator[bytes]:
        yield from whole(b'{"data": 1}')
        answered.wait(60)
        yield from whole(b'{"data": "in advance"}')
        sent.set()

    with sending(pieces()) as client:
        assert client.get("/").data == 1
        answered.set()
        assert sent.wait(60)
        with pytest.raises(NoAnswer):
            client.get("/", timeout=PATIENCE)
