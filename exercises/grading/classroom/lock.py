"""One grader at a time in a folder. The lock is gone with its process, however that ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from exercises.grading.verdict import CannotJudge


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Holds the lock of a folder, which is made where it is missing.

    Raises:
        CannotJudge: another process holds it, or the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = FileLock(folder / ".grading.lock").acquire(timeout=0)
    except Timeout:
        raise CannotJudge(
            f"Another `dojo grade` is at work in {folder}. Wait until it is done, or name another "
            "folder with --out."
        ) from None
    except OSError as error:
        raise CannotJudge(f"{folder} cannot be written to: {error.strerror}.") from error
    with held:
        yield
