"""Secrets at rest: AES-256-GCM, under keys that can be exchanged while the service runs (A5).

What is sealed is stored with the id of its key. The newest key seals, and every key that is
configured opens; so a new one is put in front, everything is sealed anew, and the old one goes.
The owner's id is authenticated with the secret: in another account's row it does not open.
"""

import hashlib
import os
from base64 import b64decode
from typing import NamedTuple
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from reference_app.errors import Unavailable

NONCE_BYTES = 12
RETRY_AFTER_SECONDS = 60

log = structlog.get_logger()


class Sealed(NamedTuple):
    """A secret as it is stored: the id of the key, and the nonce with what it encrypted."""

    key_id: str
    content: bytes


class SecretBox:
    """Seals and opens short secrets. `keys` are base64, comma separated, the newest first."""

    def __init__(self, keys: SecretStr | None) -> None:
        texts = keys.get_secret_value().split(",") if keys is not None else []
        self._ciphers = {_key_id(key): AESGCM(key) for key in map(b64decode, texts)}

    @property
    def key_ids(self) -> list[str]:
        """The ids of the keys, the newest first. They tell nothing about the keys."""
        return list(self._ciphers)

    def seal(self, secret: str, owner: UUID) -> Sealed:
        """The secret under the newest key. Raises Unavailable when there is no key."""
        if not self._ciphers:
            raise Unavailable(RETRY_AFTER_SECONDS, "This service has no key to keep secrets with.")
        key_id, cipher = next(iter(self._ciphers.items()))
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(key_id, nonce + cipher.encrypt(nonce, secret.encode(), owner.bytes))

    def open(self, sealed: Sealed, owner: UUID) -> str:
        """The secret. Raises Unavailable when no key opens it, which the log tells."""
        nonce, encrypted = sealed.content[:NONCE_BYTES], sealed.content[NONCE_BYTES:]
        try:
            return self._ciphers[sealed.key_id].decrypt(nonce, encrypted, owner.bytes).decode()
        except (KeyError, InvalidTag) as error:
            log.error("secret_unreadable", owner=str(owner), key_id=sealed.key_id)  # noqa: TRY400
            raise Unavailable(RETRY_AFTER_SECONDS) from error


def _key_id(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:12]
