"""What a hostile file tries at its database and cache; part of the text of `sandbox_probes`."""

import contextlib
import os
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import redis

from tests.running.sandbox_probes import TOLD, attempt


async def ask(url: str, *statements: str) -> list[str]:
    """The answer to each statement, or its error."""
    try:
        connection = await asyncpg.connect(url, timeout=5)
    except (OSError, asyncpg.PostgresError) as error:
        return [type(error).__name__]
    found = []
    for statement in statements:
        try:
            found.append(f"ok {await connection.fetchval(statement)}")
        except asyncpg.PostgresError as error:
            found.append(type(error).__name__)
    await connection.close()
    return found


async def database() -> dict[str, Any]:
    own = os.environ["DATABASE_URL"]
    server, name = own.rsplit("/", 1)
    at = urlsplit(own).netloc.rsplit("@", 1)[1]
    number = int(name.rsplit("_", 1)[1])
    others = [f"dojo_{number + 1}", f"dojo_{number - 1}"]
    found: dict[str, Any] = {
        other: await ask(f"{server}/{other}", "SELECT 1")
        for other in ("postgres", "template1", "backend_dojo_template", *others)
    }
    for user in ("postgres", "app", f"{name}_observer", *others):
        found[f"as {user}"] = await ask(f"postgresql://{user}:{user}@{at}/{name}", "SELECT 1")
    tries = TOLD["statements"]
    found["statements"] = dict(zip(tries, await ask(own, *tries), strict=True))
    connections: list[Any] = []
    with contextlib.suppress(asyncpg.PostgresError):
        while len(connections) < 100:
            connections.append(await asyncpg.connect(own))
    found["connections"] = len(connections)
    for connection in connections:
        await connection.close()
    return found


def cache() -> dict[str, str]:
    url = os.environ["REDIS_URL"]
    address = urlsplit(url)
    client = redis.Redis.from_url(url)
    execute: Callable[..., object] = client.execute_command
    found = {command: attempt(partial(execute, *command.split())) for command in TOLD["commands"]}
    anybody = redis.Redis(str(address.hostname), address.port or 0)
    found["anybody"] = attempt(anybody.ping)
    other = redis.Redis.from_url(f"{url.rsplit('/', 1)[0]}/{TOLD['other_cache']}")
    found["other"] = attempt(lambda: other.get("theirs"))
    return found
