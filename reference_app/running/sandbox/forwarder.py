"""The only way into a sandbox's network: listens outside, connects inside, passes bytes on.

    python -m reference_app.running.sandbox.forwarder PORT...

It reads JSON lines from its standard input and answers each with {}, the first once it listens:

    {"door": 8001, "to": ["172.18.0.5", 34567]}     from now on, connections to that port lead there

It listens on the address that its default route goes out from; the sandbox's network has none. So
nothing inside can connect to it.
"""

import asyncio
import json
import os
import socket
import sys
from functools import partial
from typing import cast

ELSEWHERE = ("192.0.2.1", 9)  # documentation only (RFC 5737), and nothing is sent
CONNECT_SECONDS = 5.0

Address = tuple[str, int]


class Side(asyncio.Protocol):
    """One of the two connections of a pair; what it receives is written to the other one."""

    transport: asyncio.Transport
    other: "Side"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.other.transport.write(data)

    def eof_received(self) -> bool:
        if self.other.transport.can_write_eof() and not self.other.transport.is_closing():
            self.other.transport.write_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None:
            self.other.transport.close()
        else:
            self.other.transport.abort()

    def pause_writing(self) -> None:
        self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        self.other.transport.resume_reading()


class Outside(Side):
    """A connection that was accepted; what comes before the one to inside is there is kept."""

    def __init__(self, doors: dict[int, Address], port: int) -> None:
        self._doors = doors
        self._port = port
        self._early: list[bytes | None] = []
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._connecting = asyncio.create_task(self._connect())

    def data_received(self, data: bytes) -> None:
        if hasattr(self, "other"):
            super().data_received(data)
        else:
            self.transport.pause_reading()
            self._early.append(data)

    def eof_received(self) -> bool:
        if hasattr(self, "other"):
            return super().eof_received()
        self._early.append(None)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if hasattr(self, "other"):
            super().connection_lost(exc)
        elif self._connecting is not None:
            self._connecting.cancel()

    async def _connect(self) -> None:
        inside = Side()
        inside.other = self
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                address = self._doors[self._port]
                await asyncio.get_running_loop().create_connection(lambda: inside, *address)
        except (OSError, KeyError):
            self.transport.abort()
            return
        self.other = inside
        for early in self._early:
            if early is None:
                super().eof_received()
            else:
                super().data_received(early)
        self.transport.resume_reading()


async def forward(ports: list[int]) -> None:
    """Listen on all ports; carry out orders until there is nobody left to give any."""
    doors: dict[int, Address] = {}
    loop = asyncio.get_running_loop()
    for port in ports:
        await loop.create_server(partial(Outside, doors, port), outside_address(), port)
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), os.fdopen(0, "rb"))
    answer()
    while line := await orders.readline():
        order = json.loads(line)
        doors[order["door"]] = tuple(order["to"])
        answer()


def outside_address() -> str:
    """The address of this container on the network that has a way out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(ELSEWHERE)
        address: str = probe.getsockname()[0]
        return address


def answer() -> None:
    """One line."""
    os.write(1, b"{}\n")


if __name__ == "__main__":
    asyncio.run(forward([int(port) for port in sys.argv[1:]]))
