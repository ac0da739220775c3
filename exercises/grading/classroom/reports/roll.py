"""The learners of a class, one at a time, out of marks that come sorted by learner."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from unicodedata import normalize

from exercises.grading.classroom.entry import Entry
from exercises.grading.classroom.mark import Mark

Marks = Callable[[], Iterable[Mark]]
"""Gives the newest marks anew at each call, sorted by learner, then exercise."""

LONGEST_READABLE = 40


@dataclass(frozen=True)
class Learner:
    """One learner with a mark for each exercise, by its slug."""

    name: str
    marks: dict[str, Mark]

    @property
    def page(self) -> str:
        """File name of the learner's page: safe anywhere, and never the same for two names.

        What can be read of the name comes first; a digest of the whole name tells apart.
        """
        folded = normalize("NFKD", self.name).encode("ascii", "ignore").decode().lower()
        words = "".join(letter if letter.isalnum() else " " for letter in folded).split()
        readable = "-".join(words)[:LONGEST_READABLE].strip("-") or "learner"
        digest = sha256(self.name.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{readable}-{digest[:12]}.html"


def learners(marks: Iterable[Mark]) -> Iterator[Learner]:
    """The learners in the order of their marks."""
    for name, theirs in groupby(marks, key=lambda mark: mark.learner):
        yield Learner(name, {mark.exercise: mark for mark in theirs})


def flaw_of(mark: Mark) -> str | None:
    """Why there was nothing to judge; None where a file was handed in."""
    told = mark.verdict.obstacle
    if told is None:
        return None
    nothing = Entry(mark.learner, mark.exercise, content=None, flaw=told)
    return told if nothing.digest == mark.handed_in else None
