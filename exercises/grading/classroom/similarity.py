"""Which submissions are close to each other, to the solution or to the reference.

The starter's own code never counts: everybody has it. An index from fingerprint to files finds the
pairs, so the texts are not compared two by two. Closeness is a reason to look, and no proof: a
short part leaves few ways to write it, and people learn together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from exercises.grading.catalog import Exercise
from exercises.grading.classroom.fingerprints import RUN, Fingerprints, fingerprints
from exercises.grading.classroom.inbox import read_inbox

LEAST_SHARED = 6
"""Fingerprints that two files must share: what fewer prove is an idiom."""

SOLUTION, REFERENCE = "the solution", "the reference"
OURS = (REFERENCE, SOLUTION)


@dataclass(frozen=True)
class Passage:
    """Code that is the same but for names, literals and form: first and last line in both."""

    left: tuple[int, int]
    right: tuple[int, int]
    tokens: int


@dataclass(frozen=True)
class Pair:
    """Two files that are close. `share` is of the fingerprints of the one that has fewer."""

    exercise: str
    left: str
    right: str
    share: float
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Close:
    """What was found in one exercise; `unchanged` handed in nothing but the starter's code."""

    exercise: str
    files: int
    pairs: tuple[Pair, ...]
    unchanged: tuple[str, ...]


def compare(folder: Path, exercise: Exercise, threshold: float) -> Close:
    """Compares what a class handed in for one exercise; the closest pairs come first.

    Args:
        folder: as `dojo grade` takes it.
        exercise: which part.
        threshold: the least share that is reported, 0 to 1.

    Raises:
        NoClass: there is no learner in it.
    """
    given = fingerprints(exercise.starter_file.read_bytes()).runs
    files = {
        entry.learner: fingerprints(entry.content).without(given)
        for entry in read_inbox(folder, [exercise])
        if entry.content is not None
    }
    for name, file in ((REFERENCE, exercise.reference_file), (SOLUTION, exercise.solution_file)):
        if file.is_file():
            files[name] = fingerprints(file.read_bytes()).without(given)
    pairs = sorted(_pairs(exercise, files, threshold), key=lambda p: (-p.share, p.left, p.right))
    learners = files.keys() - set(OURS)
    unchanged = sorted(name for name in learners if not files[name].runs)
    return Close(exercise.slug, len(learners), tuple(pairs), tuple(unchanged))


def _pairs(
    exercise: Exercise, files: Mapping[str, Fingerprints], threshold: float
) -> Iterator[Pair]:
    for (left, right), shared in _shared(files).items():
        share = shared / min(len(files[left].kept), len(files[right].kept))
        if shared >= LEAST_SHARED and share >= threshold:
            passages = tuple(_passages(files[left], files[right]))
            yield Pair(exercise.slug, left, right, round(share, 3), passages)


def _shared(files: Mapping[str, Fingerprints]) -> Counter[tuple[str, str]]:
    """How many fingerprints each two files share; ours are compared with learners' alone."""
    holders: defaultdict[int, list[str]] = defaultdict(list)
    for name in sorted(files, key=lambda each: (each in OURS, each)):
        for each in files[name].kept:
            holders[each].append(name)
    shared: Counter[tuple[str, str]] = Counter()
    for names in holders.values():
        shared.update(combinations(names, 2))
    for ours in (OURS, OURS[::-1]):
        del shared[ours]
    return shared


def _passages(left: Fingerprints, right: Fingerprints) -> Iterator[Passage]:
    """The shared runs, joined where they overlap in both files."""
    shared = left.kept.keys() & right.kept.keys()
    runs = sorted((left.kept[each], right.kept[each]) for each in shared)
    while runs:
        first = last = runs.pop(0)
        while (
            runs and runs[0][0] <= last[0] + RUN and runs[0][0] - first[0] == runs[0][1] - first[1]
        ):
            last = runs.pop(0)
        length = last[0] - first[0] + RUN
        yield Passage(
            (left.lines[first[0]], left.lines[last[0] + RUN - 1]),
            (right.lines[first[1]], right.lines[last[1] + RUN - 1]),
            length,
        )
