"""A course system's download, sorted into what `dojo grade` reads: OUT/learner/NN_slug/part.

Files are copied as bytes, never run. Of several files for one exercise the newest is taken. What
an earlier run has put there is kept beside it under another name, or stays, when it is newer.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from exercises.grading.catalog import Exercise
from exercises.grading.classroom.archive import LARGEST_ARCHIVE, Archive
from exercises.grading.classroom.course_systems import Handed, Names
from exercises.grading.classroom.download import Item, opened
from exercises.grading.classroom.flaw import LARGEST_FILE, Flaw, too_large
from exercises.grading.plain import one_line

VERSION = re.compile(r"(?:-(\d{1,4})| \((\d{1,4})\))?(?=\.py$)")
"""What course systems and browsers add to a name that is there already: orders-1.py."""

LONGEST_NAME = 60
"""Characters; a file system counts bytes, and takes 255 of them."""


@dataclass(frozen=True)
class Candidate:
    """A file that may be the answer to an exercise. The greatest `age` is the newest."""

    exercise: Exercise
    age: tuple[bool, int, int, float]
    source: str
    content: bytes
    changed: float


@dataclass
class Report:
    """What came of it: learners, notes on what was placed, and what was not, with the reason."""

    learners: set[str] = field(default_factory=set)
    placed: list[tuple[str, str, str]] = field(default_factory=list)
    """Learner, exercise, and what happened: new, unchanged, or what was kept aside."""
    unplaced: list[tuple[str, str]] = field(default_factory=list)
    """Where it lies in the download, and why it was left there."""


def collect(
    downloads: Sequence[Path], wanted: Sequence[Exercise], out: Path, learner: str | None = None
) -> Report:
    """Sorts downloads into `out`, which is made when it is not there.

    Every learner that the download names gets a folder, an empty one when nothing fits. With
    `learner`, all of it is that one's, whatever it is called.

    Raises:
        Flaw: a download cannot be read at all.
    """
    report = Report()
    for download in downloads:
        with opened(download) as items:
            if learner is None:
                theirs = _by_learner(items, report)
            else:
                theirs = {_folder_name(learner): [(i, Handed(learner, i.path)) for i in items]}
            for who, files in sorted(theirs.items()):
                report.learners.add(who)
                (out / who).mkdir(parents=True, exist_ok=True)
                _place(who, files, wanted, out, report)
    return report


def _by_learner(items: list[Item], report: Report) -> dict[str, list[tuple[Item, Handed]]]:
    names = Names([item.path for item in items])
    theirs: defaultdict[str, list[tuple[Item, Handed]]] = defaultdict(list)
    for item in items:
        handed = names.handed(item.path)
        if handed is None:
            why = f"its name does not say whose it is ({names.system or 'no course system'})"
            report.unplaced.append((one_line(str(item.path)), why))
        else:
            theirs[_folder_name(handed.learner)].append((item, handed))
    return theirs


def _place(
    learner: str,
    files: list[tuple[Item, Handed]],
    wanted: Sequence[Exercise],
    out: Path,
    report: Report,
) -> None:
    found: list[Candidate] = []
    for item, handed in files:
        try:
            found += _candidates(item, handed, wanted)
        except Flaw as flaw:
            report.unplaced.append((one_line(str(item.path)), str(flaw)))
    for exercise in wanted:
        of_it = sorted((c for c in found if c.exercise is exercise), key=lambda each: each.age)
        for older in of_it[:-1]:
            report.unplaced.append((older.source, f"{of_it[-1].source} was taken instead"))
        for newest in of_it[-1:]:
            note = _put(newest, out / learner / exercise.slug / exercise.file_name)
            report.placed.append((learner, exercise.slug, note))
    if not found:
        shown = ", ".join(one_line(str(handed.path)) for _, handed in files[:3])
        parts = ", ".join(f"{each.slug}/{each.file_name}" for each in wanted)
        report.unplaced.append((learner, f"nothing in it is an answer ({shown}); expected {parts}"))


def _candidates(item: Item, handed: Handed, wanted: Sequence[Exercise]) -> Iterator[Candidate]:
    source = one_line(str(item.path))
    if handed.path.suffix.lower() != ".zip":
        match = _match(handed.path, wanted)
        if match:
            yield _candidate(match, handed.number, source, item.read(LARGEST_FILE), item.changed)
        return
    with TemporaryDirectory(prefix="dojo-collect-") as folder:
        file = Path(folder, "handed-in.zip")
        file.write_bytes(item.read(LARGEST_ARCHIVE))
        archive = Archive(file)
        for path in sorted(archive.paths):
            match = _match(PurePosixPath(path), wanted)
            if match:
                inside = f"{source} › {one_line(path)}"
                content = archive.read(path)
                yield _candidate(match, handed.number, inside, content, item.changed)


def _candidate(
    match: tuple[Exercise, bool, int], number: int, source: str, content: bytes, changed: float
) -> Candidate:
    if len(content) > LARGEST_FILE:
        raise too_large(source)
    exercise, in_its_folder, version = match
    return Candidate(exercise, (in_its_folder, number, version, changed), source, content, changed)


def _match(path: PurePosixPath, wanted: Sequence[Exercise]) -> tuple[Exercise, bool, int] | None:
    """The exercise that a file is for, whether it lies in its folder, and the version in its name.

    A file that lies elsewhere counts at the top, or in one folder, when its name says enough.
    """
    if any(part.startswith(".") or part == "__MACOSX" for part in path.parts):
        return None
    version = VERSION.search(path.name)
    number = int(next((n for n in version.groups() if n), 0)) if version else 0
    name = VERSION.sub("", path.name, count=1)
    for each in wanted:
        if path.parts[-2:-1] == (each.slug,) and name == each.file_name:
            return each, True, number
    named = [each for each in wanted if each.file_name == name]
    return (named[0], False, number) if len(named) == 1 and len(path.parts) <= 2 else None


def _put(found: Candidate, file: Path) -> str:
    """Writes the file whole or not at all, and loses nothing that is there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    note, target = "new", file
    if file.exists():
        if file.read_bytes() == found.content:
            return "unchanged"
        if found.changed < file.stat().st_mtime:
            target = _free(file)
            note = f"older than what is there; kept as {target.name}"
        else:
            aside = _free(file)
            file.rename(aside)
            note = f"in place of an earlier one, kept as {aside.name}"
    draft = file.with_name(f".{file.name}.draft")
    draft.write_bytes(found.content)
    os.utime(draft, (found.changed, found.changed))
    draft.replace(target)
    return note


def _free(file: Path) -> Path:
    number = 1
    while (kept := file.with_name(f"{file.name}.earlier-{number}")).exists():
        number += 1
    return kept


def _folder_name(learner: str) -> str:
    """The learner's name as the name of a folder: one step, visible, and no trick."""
    name = one_line(learner).replace("/", "-").replace("\\", "-").strip()
    if len(name) > LONGEST_NAME:
        name = f"{name[:40]}…{name[-19:]}"  # the number that tells namesakes apart comes last
    return name if name and not name.startswith(".") else f"learner {name}"
