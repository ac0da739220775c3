"""A learner's zip, of which single members are read; nothing is unpacked to disk."""

from __future__ import annotations

import stat
import struct
import zlib
from collections import Counter
from io import BytesIO
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from exercises.grading.classroom.flaw import LARGEST_FILE, MOST_NAMES, Flaw, too_large, too_many
from exercises.grading.classroom.folder import read_file
from exercises.grading.plain import one_line

LARGEST_ARCHIVE = 10 * 2**20
"""Bytes of the zip itself. It is read whole, so that it cannot change while it is looked at."""

LARGEST_UNPACKED = 100 * 2**20
"""Bytes that all members together say they have."""

METHODS = (ZIP_STORED, ZIP_DEFLATED)
"""Others, LZMA above all, may ask for any amount of memory before they give a byte."""

ENCRYPTED = 0x1
DAMAGED = (BadZipFile, EOFError, OverflowError, RuntimeError, ValueError, struct.error, zlib.error)
"""What `zipfile` raises for archives that are not as they should be (RuntimeError: encrypted)."""


class Archive:
    """What a learner's zip holds; `paths` has the path of every member, folders too.

    How far a member unpacks is bounded by reading no more of it than a file may be long, so
    neither its declared size nor its compression ratio has to be believed. Archives in the
    archive stay closed.
    """

    def __init__(self, file: Path) -> None:
        """Raises `Flaw`: it cannot be opened, is too large, or has members outside of itself."""
        self._name = one_line(file.name)
        content = read_file(file, LARGEST_ARCHIVE)
        if len(content) > LARGEST_ARCHIVE:
            raise Flaw(
                f"{self._name} is larger than {LARGEST_ARCHIVE // 2**20} MB, and was not opened. "
                "Hand in the folders of the exercises alone."
            )
        try:
            self._zip = ZipFile(BytesIO(content))
        except DAMAGED as error:
            raise self._damaged(error) from None
        members = self._zip.infolist()
        self._check(members)
        self._members = {_path(member): member for member in members}
        self._times = Counter(_path(member) for member in members)
        self.paths = frozenset(self._members)

    def read(self, path: str) -> bytes:
        """The content of a member.

        Raises:
            Flaw: it is no regular file, there twice, too large, encrypted or damaged.
        """
        member, shown = self._members[path], one_line(path)
        mode = stat.S_IFMT(member.external_attr >> 16)
        if self._times[path] > 1:
            raise Flaw(f"{self._name} has {shown} more than once; which one is meant?")
        if stat.S_ISLNK(mode):
            raise Flaw(f"{shown} is a link; links are not followed.")
        if member.is_dir() or mode not in (0, stat.S_IFREG):
            raise Flaw(f"{shown} is not a file.")
        if member.flag_bits & ENCRYPTED:
            raise Flaw(f"{shown} is encrypted. Zip it again without a password.")
        if member.compress_type not in METHODS:
            raise Flaw(f"{shown} is compressed in an unusual way. Zip it with deflate.")
        if member.file_size > LARGEST_FILE:
            raise too_large(path)
        try:
            with self._zip.open(member) as opened:
                return opened.read(LARGEST_FILE)
        except DAMAGED as error:
            raise self._damaged(error) from None

    def _check(self, members: list[ZipInfo]) -> None:
        if len(members) > MOST_NAMES:
            raise too_many()
        for member in members:
            path = _path(member)
            if path.startswith("/") or ".." in path.split("/") or path[1:2] == ":":
                raise Flaw(
                    f"{self._name} has a member that would lie outside of it: {one_line(path)}. "
                    "Nothing in it was read."
                )
        unpacked = sum(member.file_size for member in members)
        if unpacked > LARGEST_UNPACKED:
            raise Flaw(
                f"{self._name} would unpack to {unpacked // 2**20:,} MB, and was not read. "
                "Hand in the folders of the exercises alone."
            )

    def _damaged(self, error: Exception) -> Flaw:
        return Flaw(f"{self._name} is no zip, or a damaged one: {one_line(str(error))}.")


def _path(member: ZipInfo) -> str:
    """The member's path with slashes, which some tools on Windows write as backslashes."""
    path = member.filename.replace("\\", "/")
    return path if path.startswith("/") else str(PurePosixPath(path))
