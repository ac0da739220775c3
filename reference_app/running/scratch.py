"""Scratch directories, locked while their owner lives, and swept when it is dead.

What has databases in it is in memory where there is much room, for making and dropping one is work
of the file system above all.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]

PREFIX = f"backend-dojo-{os.getuid()}-"
LOCK = "lock"
MEMORY = Path("/dev/shm")  # noqa: S108 - what it holds is made as safely as any temporary file  # nosec B108
ROOM_BYTES = 4 * 1024**3
YOUNG_SECONDS = 60.0
END_SECONDS = 5.0


def create(*, in_memory: bool = False) -> tuple[Path, int]:
    """A new scratch directory and the open lock that says its owner is alive.

    With `in_memory` it is there if `ROOM_BYTES` are free, else where temporary files are.

    Whoever holds a copy of that file descriptor keeps the directory from being swept.
    """
    place = MEMORY if in_memory and _much_is_free() else None
    directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place)).resolve()
    directory.chmod(0o711)  # PostgreSQL refuses to be root: its own user must get through
    lock = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return directory, lock


@contextlib.contextmanager
def private() -> Iterator[Path]:
    """A scratch directory that only this user can enter, for as long as it is needed.

    Those of dead owners are swept first: whoever takes the place of a killed process clears up
    after it.
    """
    sweep()
    directory, lock = create()
    directory.chmod(0o700)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        os.close(lock)


def sweep() -> None:
    """Remove the scratch directories of dead owners, and processes still at work in them."""
    for place in (MEMORY, Path(tempfile.gettempdir()).resolve()):
        for directory in place.glob(f"{PREFIX}*"):
            with contextlib.suppress(OSError):
                if abandoned(directory):
                    end_processes_in(directory)
                    shutil.rmtree(directory, ignore_errors=True)


def _much_is_free() -> bool:
    return os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM_BYTES


def abandoned(directory: Path) -> bool:
    """Whether nobody holds its lock (a directory made just now may not have one yet)."""
    try:
        lock = os.open(directory / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return time.time() - directory.stat().st_mtime > YOUNG_SECONDS
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def end_processes_in(directory: Path) -> None:
    """Kill every process whose working directory lies in `directory`, and wait for its end.

    One that still ends could write into the directory while it is being removed.
    """
    deadline = time.monotonic() + END_SECONDS
    while (processes := processes_in(directory)) and time.monotonic() < deadline:
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(processes, timeout=END_SECONDS)


def processes_in(directory: Path) -> list[psutil.Process]:
    """The processes whose working directory lies in `directory`."""
    return [
        process
        for process in psutil.process_iter(["cwd", "cmdline"])
        if process.info["cwd"] and Path(process.info["cwd"]).is_relative_to(directory)
    ]
