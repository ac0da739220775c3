"""What redis-py lacks on the event loop that serves here."""

from typing import Any

from redis.asyncio import Connection
from redis.exceptions import ConnectionError as RedisConnectionError


class LoopConnection(Connection):
    """A connection that tells of a closed socket in redis-py's words, whatever the loop calls it.

    Between the moment uvloop sees a socket close and the moment it says so, a write raises
    RuntimeError, where asyncio's own loop lets the next read find out.
    """

    async def send_packed_command(self, *command: Any, **options: Any) -> None:
        """Write a command. Raises RedisError."""
        try:
            await super().send_packed_command(*command, **options)
        except RuntimeError as closed:
            raise RedisConnectionError("The socket has just been closed.") from closed
