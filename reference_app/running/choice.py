"""Which back end to take, and a sentence that says why."""

from typing import Literal

from reference_app.running.backend import Backend
from reference_app.running.embedded import EmbeddedBackend


def choose(on: Literal["auto", "embedded", "containers"]) -> Backend:
    """Start the back end that was asked for; see `reference_app.running.start`."""
    return EmbeddedBackend(f"embedded: {on}")
