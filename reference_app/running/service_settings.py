"""The environment a service is given: the least it needs, and what the caller asks for."""

from base64 import b64encode
from collections.abc import Mapping

SECRET_KEY = "for services that live as long as a test: not a secret"  # noqa: S105  # pragma: allowlist secret

MFA_KEYS = b64encode(b"32 bytes for tests: not a secret").decode()

UNLIMITED = {
    "RATE_LIMIT_READ": "1000000/minute",
    "RATE_LIMIT_WRITE": "1000000/minute",
    "RATE_LIMIT_REGISTER": "1000000/minute",
    "RATE_LIMIT_EXPORT": "1000000/minute",
}
"""A suite sends in a second, from one address, what a limit is there to refuse."""


def complete(
    database_url: str, cache_url: str, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Addresses and keys, with `more` settings on top; the process sees nothing else."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": cache_url,
        "SECRET_KEY": SECRET_KEY,
        "MFA_KEYS": MFA_KEYS,
        **UNLIMITED,
        **(more or {}),
    }
