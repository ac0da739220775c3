"""People as Moodle numbers them: anew in each assignment.

A download calls Ada `Ada Lovelace_12345` in one assignment and `Ada Lovelace_20001` in the next.
Taken together they would be two learners, each with a 0 for what the other one handed in.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

FORM = re.compile(r"(?P<name>.+)_(?P<number>\d+)", re.DOTALL)


class TwoAssignments(ValueError):
    """Somebody has two numbers; the message says who, where, and what to do."""


@dataclass(frozen=True)
class Participant:
    """Somebody's full name, which namesakes share, and number in one assignment."""

    name: str
    number: str


def participant(learner: str) -> Participant | None:
    """Who is meant by the name of a learner that a download gave; None for other names."""
    found = FORM.fullmatch(learner)
    return Participant(found["name"], found["number"]) if found else None


def refuse_two_assignments(downloads: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Looks at who is in each download, by what the download is called.

    Namesakes have different numbers in one download, and the same ones in the next download of
    that assignment. So a name that two downloads share, without a number that they share, is of
    two assignments.

    Raises:
        TwoAssignments: two downloads are not of the same one.
    """
    known: dict[str, tuple[str, set[str]]] = {}
    for download, learners in downloads:
        numbers: defaultdict[str, set[str]] = defaultdict(set)
        for who in filter(None, map(participant, learners)):
            numbers[who.name].add(who.number)
        for name, theirs in sorted(numbers.items()):
            where, before = known.setdefault(name, (download, set()))
            if before and not before & theirs:
                raise TwoAssignments(
                    f"{name} has the number {min(before)} in {where}, and {min(theirs)} in "
                    f"{download}. Moodle numbers people anew in each assignment, so these are two, "
                    "and nobody would have a mark for both. Nothing was collected. Collect and "
                    "grade each assignment by itself: --out submissions-06, --out marks-06."
                )
            before |= theirs
