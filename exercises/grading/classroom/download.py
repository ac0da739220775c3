"""What a course system hands out: a folder or a zip with many learners' files, read one by one.

Nothing is unpacked and no link is followed. A file is read when it is asked for, and never more
of it than that.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Protocol
from zipfile import ZipFile, ZipInfo

from exercises.grading.classroom.archive import DAMAGED, ENCRYPTED, METHODS
from exercises.grading.classroom.flaw import Flaw
from exercises.grading.classroom.folder import read_file
from exercises.grading.plain import one_line

TOOLS_OWN = ("__MACOSX", "__pycache__", "node_modules")


class Read(Protocol):
    def __call__(self, most: int) -> bytes:
        """The content, or its beginning: one byte more than `most`. Raises `Flaw`."""


@dataclass(frozen=True)
class Item:
    """One file: where it lies in the download, and when it was changed (seconds since 1970)."""

    path: PurePosixPath
    changed: float
    read: Read


@contextmanager
def opened(download: Path) -> Iterator[list[Item]]:
    """The files of a download, sorted by path; what is hidden or left by tools is not looked at.

    Raises:
        Flaw: it is neither a folder nor a zip, or cannot be read.
    """
    if download.is_dir():
        yield _sorted(_of_folder(download))
        return
    try:
        archive = ZipFile(download)
    except (OSError, *DAMAGED) as error:
        raise Flaw(f"{download} is neither a folder nor a zip: {one_line(str(error))}.") from None
    with archive:
        yield _sorted(_of_zip(archive))


def _sorted(items: Iterable[Item]) -> list[Item]:
    return sorted((each for each in items if _is_theirs(each.path)), key=lambda each: each.path)


def _is_theirs(path: PurePosixPath) -> bool:
    return not any(part.startswith(".") or part in TOOLS_OWN for part in path.parts)


def _of_folder(folder: Path) -> Iterator[Item]:
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if _is_theirs(PurePosixPath(name))]
        for name in names:
            file = Path(where, name)
            path = PurePosixPath(file.relative_to(folder))
            yield Item(path, file.lstat().st_mtime, partial(read_file, file))


def _of_zip(archive: ZipFile) -> Iterator[Item]:
    for member in archive.infolist():
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.parts and not member.is_dir():
            yield Item(path, _time(member), partial(_read_member, archive, member))


def _read_member(archive: ZipFile, member: ZipInfo, most: int) -> bytes:
    shown, mode = one_line(member.filename), stat.S_IFMT(member.external_attr >> 16)
    if mode not in (0, stat.S_IFREG):
        raise Flaw(f"{shown} is a link, or no file.")
    if member.flag_bits & ENCRYPTED or member.compress_type not in METHODS:
        raise Flaw(f"{shown} is encrypted, or compressed in an unusual way.")
    try:
        with archive.open(member) as content:
            return content.read(most + 1)
    except (OSError, *DAMAGED) as error:
        raise Flaw(f"{shown} is damaged: {one_line(str(error))}.") from None


def _time(member: ZipInfo) -> float:
    try:
        return datetime(*member.date_time).timestamp()  # noqa: DTZ001 - a zip has local times
    except (OverflowError, ValueError):
        return 0.0
