"""Which files of a download may be answers, and which were meant to be and are none.

A file counts when it lies in its exercise's folder, or is called as the part is. Of the others
those are told that somebody may have meant: all that was uploaded to a course system; in a clone,
which is full of files, only what looks like an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from exercises.grading.catalog import Exercise, exercises
from exercises.grading.classroom.archive import LARGEST_ARCHIVE, Archive
from exercises.grading.classroom.course_systems import Handed
from exercises.grading.classroom.download import Item
from exercises.grading.classroom.flaw import LARGEST_FILE, Flaw, too_large
from exercises.grading.classroom.inbox import ARCHIVES
from exercises.grading.plain import one_line

VERSION = re.compile(r"(?:-(\d{1,4})| \((\d{1,4})\))?(?=\.py$)")
"""What course systems and browsers add to a name that is there already: orders-1.py."""


@dataclass(frozen=True)
class Candidate:
    """A file that may be the answer to an exercise. The greatest `age` is the newest."""

    exercise: Exercise
    age: tuple[int, bool, int, float]
    source: str
    content: bytes
    changed: float


@dataclass(frozen=True)
class Rejected:
    """A file that cannot be an answer, and why."""

    source: str
    why: str


def candidates(
    item: Item, handed: Handed, wanted: Sequence[Exercise]
) -> Iterator[Candidate | Rejected]:
    """What comes of one file, or of what is in it when it is a zip.

    An answer to an exercise that is not wanted is a candidate too: it was not lost, but left.
    """
    source = one_line(str(item.path))
    try:
        if handed.path.suffix.lower() != ".zip":
            yield from _of_file(item, handed, wanted, source)
        else:
            yield from _of_zip(item, handed, wanted, source)
    except Flaw as flaw:
        yield Rejected(source, str(flaw))


def _of_file(
    item: Item, handed: Handed, wanted: Sequence[Exercise], source: str
) -> Iterator[Candidate | Rejected]:
    found = _match(handed.path, wanted)
    if found:
        yield _candidate(found, handed, source, item.read(LARGEST_FILE), item.changed)
    elif handed.uploaded or _looks_meant(handed.path):
        yield Rejected(source, _why_not(handed.path))


def _of_zip(
    item: Item, handed: Handed, wanted: Sequence[Exercise], source: str
) -> Iterator[Candidate | Rejected]:
    with TemporaryDirectory(prefix="dojo-collect-") as folder:
        file = Path(folder, "handed-in.zip")
        file.write_bytes(item.read(LARGEST_ARCHIVE))
        archive = Archive(file)
        told = False
        for name in sorted(archive.paths):
            path, inside = PurePosixPath(name), f"{source} › {one_line(name)}"
            found = _match(path, wanted)
            if not found and not _looks_meant(path):
                continue
            told = True
            if not found:
                yield Rejected(inside, _why_not(path))
                continue
            try:
                yield _candidate(found, handed, inside, archive.read(name), item.changed)
            except Flaw as flaw:
                yield Rejected(inside, str(flaw))
        if not told:
            yield Rejected(source, "nothing in it is called as a part is")


def _candidate(
    found: tuple[Exercise, bool, int], handed: Handed, source: str, content: bytes, changed: float
) -> Candidate:
    if len(content) > LARGEST_FILE:
        raise too_large(source)
    exercise, in_its_folder, version = found
    age = (handed.number, in_its_folder, version, changed)
    return Candidate(exercise, age, source, content, changed)


def _match(path: PurePosixPath, wanted: Sequence[Exercise]) -> tuple[Exercise, bool, int] | None:
    """The exercise that a file is for, whether it lies in its folder, and the version in its name.

    A file that lies elsewhere counts at the top, or in one folder, when its name says enough:
    it is that of one part, among the wanted ones at least.
    """
    if _is_hidden(path):
        return None
    version = VERSION.search(path.name)
    number = int(next((n for n in version.groups() if n), 0)) if version else 0
    name = VERSION.sub("", path.name, count=1)
    for each in exercises():
        if path.parts[-2:-1] == (each.slug,) and name == each.file_name:
            return each, True, number
    for among in (wanted, exercises()):
        named = [each for each in among if each.file_name == name]
        if len(named) == 1 and len(path.parts) <= 2:
            return named[0], False, number
    return None


def _looks_meant(path: PurePosixPath) -> bool:
    """Whether somebody may take a file for an answer that does not count as one."""
    if _is_hidden(path) or (len(path.parts) > 2 and not _in_a_folder(path)):
        return False
    if path.suffix.lower() in ARCHIVES:
        return True
    is_python = path.suffix.lower() == ".py"
    return is_python and (len(path.parts) == 1 or _in_a_folder(path) or bool(_called_alike(path)))


def _why_not(path: PurePosixPath) -> str:
    if path.suffix.lower() in ARCHIVES:
        return f"{path.suffix} is not opened; expected is the file itself, or a zip"
    said = f"no part is called {one_line(path.name)}"
    alike = _called_alike(path)
    if len(alike) > 1:
        folders = " or ".join(sorted(each.slug for each in alike))
        return f"{said} alone; expected is the folder with it: {folders}"
    return f"{said}; {alike[0].file_name} is" if alike else said


def _called_alike(path: PurePosixPath) -> Sequence[Exercise]:
    name = VERSION.sub("", path.name.lower(), count=1)
    return [each for each in exercises() if each.file_name.lower() == name]


def _in_a_folder(path: PurePosixPath) -> bool:
    return path.parent.name.lower() in {each.slug.lower() for each in exercises()}


def _is_hidden(path: PurePosixPath) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
