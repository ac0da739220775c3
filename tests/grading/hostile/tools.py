"""What attacks have at hand; the text of this module stands between the base file and theirs."""

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NoReturn

import asyncpg
from fastapi import FastAPI

PLACES = {"Tokens": "read_access", "OrderRepository": "page", "UserCache": "get"}
"""The class of a part, and what is called of it in most requests."""

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def succeeded(what: str) -> NoReturn:
    """Says it where it is sure to be seen, and ends the service."""
    print("THE ATTACK", "SUCCEEDED:", what, flush=True)
    os._exit(97)


def in_a_request(attack: Callable[[], object]) -> None:
    """Runs it at the beginning of every request that needs the part."""
    part, name = _place()
    genuine = getattr(part, name)

    def attacked(*arguments: object, **named: object) -> object:
        attack()
        return genuine(*arguments, **named)

    setattr(part, name, attacked)


def at_the_start(attack: Callable[[], object]) -> None:
    """Runs it when the application is put together."""
    part, _ = _place()
    genuine = part.__init__

    def attacked(self: object, *arguments: object) -> None:
        attack()
        genuine(self, *arguments)

    part.__init__ = attacked


def beside(attack: Callable[[], object]) -> None:
    """Runs it in a thread."""
    threading.Thread(target=attack, daemon=True).start()


def answering(answer: Callable[[Scope, Send], Awaitable[object]]) -> None:
    """Takes the framework over; only `/health` is answered as before.

    What the answer returns, if not None, is whether the genuine one is given after all.
    """
    genuine = FastAPI.__call__

    async def taken_over(self: FastAPI, scope: Scope, receive: Any, send: Any) -> None:
        of_interest = scope["type"] == "http" and scope["path"] != "/health"
        if not of_interest or await answer(scope, send):
            await genuine(self, scope, receive, send)

    FastAPI.__call__ = taken_over  # type: ignore[method-assign]


async def send_all(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    """A whole answer in JSON."""
    head = [(b"content-type", b"application/json"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})


def sql(*statements: str, url: str = "") -> list[Any]:
    """What each statement gives, or its error, with the service's own rights."""

    async def run() -> list[Any]:
        address = (url or os.environ["DATABASE_URL"]).replace("+asyncpg", "")
        connection = await asyncpg.connect(address, timeout=3)
        results: list[Any] = []
        for statement in statements:
            try:
                results.append(await connection.fetch(statement))
            except asyncpg.PostgresError as error:
                results.append(error)
        await connection.close()
        return results

    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.extend(asyncio.run(run())))
    thread.start()
    thread.join(10)
    return results


def _place() -> tuple[type[Any], str]:
    own = vars(sys.modules[__name__])
    return next((own[part], name) for part, name in PLACES.items() if part in own)
