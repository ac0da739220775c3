"""What a class handed in: a folder with one folder or zip for each learner.

    SUBMISSIONS/ada/10_tokens/tokens.py        a folder, laid out like `exercises/`
    SUBMISSIONS/grace.zip                      the same, zipped; one wrapping folder does no harm

Only the part of each exercise is read, as bytes. Nothing is unpacked, and whatever else lies
beside it is left alone. What cannot be read is no error of the run: it is an entry with a flaw.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from unicodedata import normalize

from exercises.grading.catalog import Exercise, exercises
from exercises.grading.classroom.archive import Archive
from exercises.grading.classroom.entry import Entry
from exercises.grading.classroom.flaw import Flaw
from exercises.grading.classroom.folder import Folder
from exercises.grading.plain import one_line
from exercises.grading.verdict import CannotJudge

EXPECTED = (
    "Expected is a folder with one folder or zip for each learner, and in it the exercises as in "
    "`exercises/`, such as ada/10_tokens/tokens.py."
)
ARCHIVES = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")
"""Only the first can be read; the others are told so, instead of being passed over."""

LEFT_BY_TOOLS = "__MACOSX"


class NoClass(CannotJudge):
    """The folder has no learner in it; the message says what was expected."""


def read_inbox(folder: Path, wanted: Sequence[Exercise]) -> Iterator[Entry]:
    """What each learner handed in for each exercise, or why there is nothing to judge.

    Learners come sorted by name, and are read one at a time.

    Raises:
        NoClass: there is no such folder, or no learner in it; at once, before the first entry.
    """
    learners = find_learners(folder)
    return (entry for name in sorted(learners) for entry in _entries(name, learners[name], wanted))


def find_learners(folder: Path) -> dict[str, list[Path]]:
    """The learners by name, and what was handed in under it: one folder or zip, if all is well.

    A learner is called as the folder or zip is, in composed Unicode (NFC). The name may have
    anything in it that a file system allows, line feeds too.

    Raises:
        NoClass: there is no such folder, or no learner in it.
    """
    try:
        found = sorted(each for each in folder.iterdir() if _is_a_learners(each))
    except OSError as error:
        raise NoClass(f"{folder} cannot be read: {error.strerror}. {EXPECTED}") from None
    learners: dict[str, list[Path]] = {}
    for each in found:
        learners.setdefault(_name(each), []).append(each)
    if not learners:
        raise NoClass(f"There is no learner in {folder}. {EXPECTED}")
    if learners.keys() <= {exercise.slug for exercise in exercises()}:
        raise NoClass(f"{folder} is what one learner hands in, not a class. {EXPECTED}")
    return learners


def find_strangers(folder: Path) -> list[str]:
    """Names of the files in the folder that belong to no learner, such as `README.txt`."""
    return sorted(
        one_line(each.name)
        for each in folder.iterdir()
        if not _is_hidden(each) and not _is_a_learners(each)
    )


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name == LEFT_BY_TOOLS


def _is_a_learners(path: Path) -> bool:
    """Whether it counts as handed in: everything does but ordinary files that are no archive."""
    if _is_hidden(path):
        return False
    is_ordinary = path.is_file() and not path.is_symlink()
    return not is_ordinary or path.suffix.lower() in ARCHIVES


def _name(path: Path) -> str:
    is_folder = path.is_dir() and not path.is_symlink()
    name = path.stem if not is_folder and path.suffix.lower() in ARCHIVES else path.name
    return normalize("NFC", os.fsencode(name).decode(errors="backslashreplace"))


def _entries(learner: str, paths: list[Path], wanted: Sequence[Exercise]) -> Iterator[Entry]:
    try:
        handed_in = _opened(paths)
    except Flaw as flaw:
        for exercise in wanted:
            yield Entry(learner, exercise.slug, None, str(flaw))
        return
    for exercise in wanted:
        try:
            yield Entry(learner, exercise.slug, _part(handed_in, exercise))
        except Flaw as flaw:
            yield Entry(learner, exercise.slug, None, str(flaw))


def _opened(paths: list[Path]) -> Folder | Archive:
    if len(paths) > 1:
        names = " and ".join(one_line(path.name) for path in paths)
        raise Flaw(f"There are {names}; which one is meant? Leave only one of them.")
    [path] = paths
    if path.is_dir():
        return Folder(path)
    if path.suffix.lower() in ARCHIVES[1:]:
        raise Flaw(f"{one_line(path.name)} cannot be opened. Hand in a folder, or a .zip.")
    return Archive(path)


def _part(handed_in: Folder | Archive, exercise: Exercise) -> bytes:
    content = handed_in.read(_find(handed_in.paths, exercise))
    if not content.strip():
        raise Flaw(f"{exercise.slug}/{exercise.file_name} is empty.")
    return content


def _find(paths: frozenset[str], exercise: Exercise) -> str:
    """The path of the exercise's part, at the top or in one wrapping folder."""
    part = f"{exercise.slug}/{exercise.file_name}"
    if part in paths:
        return part
    found = sorted(path for path in paths if _unwrapped(path) == part)
    if len(found) == 1:
        return found[0]
    if found:
        there = " and ".join(map(one_line, found))
        raise Flaw(f"There are {there}; which one is meant? Hand in only one of them.")
    close = [p for p in paths if part.casefold() in (p.casefold(), _unwrapped(p).casefold())]
    if close:
        raise Flaw(f"{one_line(min(close))} has to be called {part}, with the same capitals.")
    raise Flaw(f"There is no {part} in what was handed in. (Links are not followed.)")


def _unwrapped(path: str) -> str:
    """The path without its first folder; empty for what tools leave behind."""
    wrapper, _, rest = path.partition("/")
    return "" if wrapper.startswith((".", LEFT_BY_TOOLS)) else rest
