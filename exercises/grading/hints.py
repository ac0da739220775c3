"""Which hint comes next: one for what the last verdict found first, else the next in order."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from exercises.grading.catalog import Exercise, Hint
from exercises.grading.progress import Progress


def next_hint(hints: Sequence[Hint], given: Collection[int], missed: Sequence[str]) -> int | None:
    """The place of the hint to give now, or None when all have been given.

    Args:
        hints: the exercise's, in order.
        given: the places of those that the learner has.
        missed: ids of the criteria that the last verdict found not met, in the suite's order.
    """
    left = [place for place in range(len(hints)) if place not in given]
    fitting = (
        place for criterion in missed for place in left if criterion in hints[place].criteria
    )
    return next(fitting, left[0] if left else None)


def give_next_hint(exercise: Exercise, progress: Progress) -> list[Hint]:
    """Gives the next hint, if one is left; all that the learner then has, the newest last."""
    hints = exercise.about.hints
    given = [place for place in progress.hints_given(exercise.slug) if place < len(hints)]
    place = next_hint(hints, given, progress.missed(exercise.slug))
    if place is not None:
        progress.give_hint(exercise.slug, place)
        given.append(place)
    return [hints[each] for each in given]
