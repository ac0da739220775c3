"""A user of the cache for each service, confined to one of the numbered databases (ACL, db=)."""

import contextlib
import secrets
import threading

import redis

from reference_app.running.addresses import Addresses, Login

GRADER = "grader"
MEMORY = "256mb"
ALLOWED = (
    *("~*", "&*", "+@all", "-@admin", "-@dangerous"),
    *("-function", "-cluster", "-wait", "-waitaof"),
    *("+flushdb", "+keys", "+info", "+sort", "+sort_ro"),
)
"""All keys and channels; nothing that is about the server, other users or other connections."""


class CacheUsers:
    """Makes and removes users. The server forgets them when it is killed: see `restore`."""

    def __init__(self, server: Addresses, grader: Login) -> None:
        self.grader = grader
        self.client = redis.Redis.from_url(server.cache_url(0, grader), socket_timeout=2)
        self._users: dict[int, Login] = {}
        self._lock = threading.Lock()

    def make(self, number: int) -> Login:
        """A new user of one database, from now on or from the server's next start."""
        login = Login(f"dojo_{secrets.token_hex(4)}", secrets.token_hex(24))
        with self._lock:
            self._users[number] = login
            with contextlib.suppress(redis.ConnectionError, redis.TimeoutError):
                self._tell(number, login)
        return login

    def remove(self, number: int) -> None:
        """End its connections and its rights, and what it left for all databases."""
        with self._lock:
            login = self._users.pop(number, None)
            if login is not None:
                with contextlib.suppress(redis.RedisError):
                    self.client.acl_deluser(login.user)
                    self.client.script_flush()

    def ask(self) -> None:
        """Whether there is room again, with the bounds it had. Raises redis.RedisError."""
        self.client.config_set("maxmemory", MEMORY)
        self.client.flushall()

    def restore(self) -> None:
        """Make all users again. Raises redis.RedisError."""
        self.client.ping()
        with self._lock:
            for number, login in self._users.items():
                self._tell(number, login)

    def _tell(self, number: int, login: Login) -> None:
        rules = ("reset", "on", f">{login.password}", *ALLOWED, "resetdbs", f"db={number}")
        self.client.execute_command("ACL", "SETUSER", login.user, *rules)  # type: ignore[no-untyped-call]  # acl_setuser knows no databases


def server_arguments(grader: Login) -> list[str]:
    """What makes a server know its grader and nobody else."""
    return [
        *("--user", grader.user, "on", f">{grader.password}", "~*", "&*", "+@all"),
        *("--user", "default", "off"),
    ]
