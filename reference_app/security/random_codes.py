"""Random values that are handed out once, and of which only a fingerprint is kept."""

import hashlib
import secrets
from base64 import b32encode


def new_token() -> str:
    """256 random bits for a program to hand back."""
    return secrets.token_urlsafe(32)


def new_recovery_code() -> str:
    """80 random bits for a person to write down: `k4fd-x2ow-…`, four groups of four."""
    text = b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def fingerprint(value: str) -> bytes:
    """What is stored. What is this random cannot be guessed, so a fast hash is enough."""
    return hashlib.sha256(value.encode()).digest()
