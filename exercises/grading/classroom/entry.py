"""What one learner handed in for one exercise."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True)
class Entry:
    """One file of one learner, read once: what is judged is what was read, whatever happens later.

    `exercise` is a slug. Without `content` there is nothing to try, and `flaw` says why.
    """

    learner: str
    exercise: str
    content: bytes | None
    flaw: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the content, or of the flaw where there is none; hexadecimal."""
        return sha256(
            self.content if self.content is not None else repr(self.flaw).encode()
        ).hexdigest()
