"""A TCP balancer: every new connection goes to the next replica that is ready."""

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Self
from urllib.parse import urlsplit

INTERVAL_SECONDS = 0.05
PROBE = b"GET /ready?exclude=cache HTTP/1.1\r\nHost: replica\r\nConnection: close\r\n\r\n"

Address = tuple[str, int]


class Balancer:
    """Runs in a thread of its own. It knows of replicas only what `/ready` tells a balancer."""

    def __init__(self, *urls: str) -> None:
        parts = [urlsplit(url) for url in urls]
        self._replicas: list[Address] = [(str(part.hostname), part.port or 80) for part in parts]
        self._ready = set(self._replicas)
        self._turns = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> str:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self._probes = [asyncio.create_task(self._watch(one)) for one in self._replicas]
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _close(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _watch(self, replica: Address) -> None:
        while True:
            (self._ready.add if await says_ready(replica) else self._ready.discard)(replica)
            await asyncio.sleep(INTERVAL_SECONDS)

    def _in_turn(self) -> Iterator[Address]:
        first = next(self._turns)
        for number in range(first, first + len(self._replicas)):
            replica = self._replicas[number % len(self._replicas)]
            if replica in self._ready:
                yield replica

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with closing(writer):
            for replica in self._in_turn():
                try:
                    upstream, downstream = await asyncio.open_connection(*replica)
                except OSError:
                    continue  # nothing was sent, so the next one may have it
                async with closing(downstream):
                    await asyncio.gather(copy(reader, downstream), copy(upstream, writer))
                return


async def says_ready(replica: Address) -> bool:
    """Whether the replica answers 200 within a second."""
    try:
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_connection(*replica)
            async with closing(writer):
                writer.write(PROBE)
                return b" 200 " in await reader.readline()
    except OSError:
        return False


async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Hand on every byte until one side ends; then end the other."""
    with suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    target.close()


@asynccontextmanager
async def closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Close the connection at the end of the block, and see it closed."""
    try:
        yield
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
