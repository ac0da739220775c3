"""How to run the service: real servers on this machine, or in containers, behind one interface.

with start() as backend, backend.service() as service:
    httpx.get(f"{service.url}/health")
"""

from typing import Literal

from reference_app.running.backend import Backend, Command, Part, Service
from reference_app.running.errors import (
    BackendUnavailable,
    MigrationFailed,
    NoEngine,
    ProcessFailed,
    RunningError,
    ServiceDidNotStart,
)

__all__ = [
    "Backend",
    "BackendUnavailable",
    "Command",
    "MigrationFailed",
    "NoEngine",
    "Part",
    "ProcessFailed",
    "RunningError",
    "Service",
    "ServiceDidNotStart",
    "start",
]


def start(on: Literal["auto", "embedded", "containers"] = "auto") -> Backend:
    """Start PostgreSQL and the cache and answer when both do; close the result when done.

    "auto" takes containers where an engine answers and the images are there, else embedded.
    Raises BackendUnavailable, which says what to do, when that way is not to be had here.
    """
    from reference_app.running.choice import choose  # imported late: it needs the kit installed

    return choose(on)
