"""A learner's folder, of which single files are read and no link is followed."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from exercises.grading.classroom.flaw import LARGEST_FILE, MOST_NAMES, Flaw, too_large, too_many
from exercises.grading.plain import one_line

DEEPEST = 3
"""A wrapping folder, the exercise's folder and its file; what is deeper is not looked at."""

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
_AS_FOLDER = _READ | os.O_DIRECTORY
_AT_ONCE = _READ | os.O_NONBLOCK | os.O_NOCTTY
"""A pipe that nobody writes to is opened at once, and then found to be no file."""


class Folder:
    """What a learner's folder holds; `paths` has the relative path of all, three levels deep.

    Every step of a path is opened from the one before it, so that nothing outside of the folder
    can be reached, whatever is changed there meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        """Raises `Flaw`: it is a link, cannot be read, or has too much in it."""
        self._folder = folder
        self.paths = frozenset(self._walk())

    def read(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            Flaw: it is no regular file, is too large, or cannot be read.
        """
        with ExitStack() as opened:
            try:
                at = _open(opened, self._folder, _AS_FOLDER)
                *folders, name = PurePosixPath(path).parts
                for each in folders:
                    at = _open(opened, each, _AS_FOLDER, inside=at)
                content = _content(_open(opened, name, _AT_ONCE, inside=at), LARGEST_FILE)
            except OSError as error:
                raise _unreadable(path, error) from None
        if content is None:
            raise Flaw(f"{one_line(path)} is not a file.")
        if len(content) > LARGEST_FILE:
            raise too_large(path)
        return content

    def _walk(self) -> set[str]:
        paths: set[str] = set()
        with ExitStack() as opened:
            try:
                top = _open(opened, self._folder, _AS_FOLDER)
            except OSError as error:
                raise _unreadable(self._folder.name, error) from None
            for where, folders, files, _ in os.fwalk(".", dir_fd=top):
                inside = PurePosixPath(where)
                paths.update(str(inside / name) for name in (*folders, *files))
                if len(paths) > MOST_NAMES:
                    raise too_many()
                if len(inside.parts) + 1 == DEEPEST:
                    folders.clear()
        return paths


def read_file(file: Path, most: int) -> bytes:
    """The content of a file, but no more than one byte over `most`.

    Raises:
        Flaw: it is a link, no regular file, or cannot be read.
    """
    with ExitStack() as opened:
        try:
            content = _content(_open(opened, file, _AT_ONCE), most)
        except OSError as error:
            raise _unreadable(file.name, error) from None
    if content is None:
        raise Flaw(f"{one_line(file.name)} is not a file.")
    return content


def _open(opened: ExitStack, path: str | Path, how: int, inside: int | None = None) -> int:
    descriptor = os.open(path, how, dir_fd=inside)
    opened.callback(os.close, descriptor)
    return descriptor


def _content(descriptor: int, most: int) -> bytes | None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return None
    with open(descriptor, "rb", closefd=False) as file:
        return file.read(most + 1)


def _unreadable(path: str, error: OSError) -> Flaw:
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return Flaw(f"{one_line(path)} is a link, or lies behind one; links are not followed.")
    if error.errno == errno.ENXIO:
        return Flaw(f"{one_line(path)} is not a file.")
    return Flaw(f"{one_line(path)} cannot be read: {error.strerror}.")
