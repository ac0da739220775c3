"""Waiting for servers to answer, by asking them again and again until a time limit."""

import http.client
import time
from collections.abc import Callable

import psycopg
import redis

from reference_app.running.errors import BackendUnavailable
from reference_app.running.part import Process

SERVER_SECONDS = 30.0
PAUSE_SECONDS = 0.01


def until_answered(process: Process, ask: Callable[[], None]) -> None:
    """Ask until a server answers. Raises BackendUnavailable when it ends or never does."""
    deadline = time.monotonic() + SERVER_SECONDS
    while True:
        failure: Exception | None = None
        try:
            ask()
        except (psycopg.Error, redis.RedisError, OSError) as error:
            failure = error
        if not process.state().running:
            raise BackendUnavailable(f"{process.name} ended while it started") from failure
        if failure is None:
            return
        if time.monotonic() > deadline:
            raise BackendUnavailable(f"{process.name} does not answer: {failure}") from failure
        time.sleep(PAUSE_SECONDS)


def in_time(ask: Callable[[], None], seconds: float) -> None:
    """Ask until it is answered; after so many seconds the error that is met is raised."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except psycopg.Error:
            if time.monotonic() > deadline:
                raise
        time.sleep(PAUSE_SECONDS)


def postgres_answers(url: str) -> None:
    """Connect and hang up. Raises psycopg.OperationalError."""
    psycopg.connect(url, connect_timeout=2).close()


def cache_answers(client: "redis.Redis") -> None:
    """PING. Raises redis.RedisError."""
    client.ping()


def provider_answers(host: str, port: int) -> None:
    """Ask for anything. Raises OSError when no answer comes."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    finally:
        connection.close()
