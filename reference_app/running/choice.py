"""Which back end to take, and a sentence that says why."""

from typing import Literal

from reference_app.running.backend import Backend
from reference_app.running.errors import BackendUnavailable

On = Literal["auto", "embedded", "containers"]


def choose(on: On) -> Backend:
    """Start the back end that was asked for; see `reference_app.running.start`."""
    if on == "embedded":
        return embedded("Embedded servers, as asked.")
    if on == "containers":
        return containers("Containers, as asked.")
    try:
        from reference_app.running.images import engine_status
    except ImportError:
        return embedded("Embedded servers: testcontainers is not installed.")
    status = engine_status()
    if not status.ready:
        return embedded(f"Embedded servers: {status.summary}. {status.advice}")
    try:
        return containers(f"Containers: {status.summary}.")
    except BackendUnavailable as error:
        why = str(error).splitlines()[0]
        return embedded(f"Embedded servers: containers do not start here. {why}")


def embedded(reason: str) -> Backend:
    """The embedded back end. Raises BackendUnavailable when the wheels are not installed."""
    try:
        from reference_app.running.embedded import EmbeddedBackend  # not needed for containers
    except ImportError as error:
        raise BackendUnavailable(
            f"Embedded servers need Linux or macOS, and {error.name}."
        ) from error
    return EmbeddedBackend(reason)


def containers(reason: str) -> Backend:
    """The container back end. Raises BackendUnavailable without an engine or images."""
    try:
        from reference_app.running.containers import ContainerBackend  # not needed for embedded
    except ImportError as error:
        raise BackendUnavailable(f"Containers need the package {error.name}.") from error
    return ContainerBackend(reason)
