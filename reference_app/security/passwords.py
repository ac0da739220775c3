"""Passwords: Argon2id, off the event loop, at one price for known and unknown callers (A4).

Parameters: OWASP Password Storage Cheat Sheet. Policy: NIST SP 800-63B section 3.1.1, that is
length and a list of known bad ones, and no rules about which characters must occur.
"""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from reference_app.config import Settings
from reference_app.errors import InvalidInput, Unavailable

Result = TypeVar("Result")

MIN_LENGTH = 12
MAX_LENGTH = 128
THREADS = 2
MAX_WAITING = 64

COMMON = frozenset(
    (
        "1q2w3e4r5t6y",
        "abcdefghijkl",
        "administrator",
        "adminadminadmin",
        "changemechangeme",
        "iloveyouiloveyou",
        "letmeinletmein",
        "passw0rdpassw0rd",
        "password1234",
        "password12345",
        "password123456",
        "passwordpassword",
        "qwerty123456",
        "qwertyqwerty",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiopasdf",
        "123456789012",
        "1234567890123",
        "welcome12345",
    )
)
"""Passwords of a permitted length that lists of leaked ones are full of."""


class Passwords:
    """Hashes and checks passwords in a few threads of its own; Argon2 releases the GIL.

    `MAX_WAITING` bounds the queue: a flood of logins is refused with 503, and memory stays bounded
    (each hash in progress takes `password_memory_kib`).
    """

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.password_time_cost,
            memory_cost=settings.password_memory_kib,
            parallelism=settings.password_parallelism,
            type=Type.ID,
        )
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """The Argon2id hash to store, parameters and salt included."""
        return await self._in_thread(lambda: self._hasher.hash(_normalised(password)))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether `password` is the one `stored` was made from.

        With None (there is no such user) the answer is False after the same work, which is to
        make a hash: neither the answer nor the time it takes tells whether an account exists.
        """
        if stored is None:
            await self.hash(password)
            return False
        return await self._in_thread(lambda: self._matches(password, stored))

    def needs_rehash(self, stored: str) -> bool:
        """Whether `stored` was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, password: str, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, _normalised(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= MAX_WAITING:
            raise Unavailable(retry_after=1)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def check_policy(password: str, email: str) -> None:
    """Raises InvalidInput when `password` is too short, too long, or easily guessed."""
    folded = _normalised(password).casefold()
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        reason = f"Use {MIN_LENGTH} to {MAX_LENGTH} characters."
    elif folded in COMMON or len(set(folded)) < 4:
        reason = "This password is on every list of passwords to try first."
    elif email.casefold().partition("@")[0] in folded and len(email.partition("@")[0]) > 3:
        reason = "Leave your e-mail address out of your password."
    else:
        return
    raise InvalidInput.of_field("password", reason)


def _normalised(password: str) -> str:
    """NFKC: the same password typed on another keyboard gives the same bytes (RFC 8265)."""
    return unicodedata.normalize("NFKC", password)
