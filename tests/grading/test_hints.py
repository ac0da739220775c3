"""The next hint is about what the last verdict found; without a verdict they come in order."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from exercises.grading.catalog import Exercise, Hint, exercises
from exercises.grading.hints import give_next_hint, next_hint
from exercises.grading.progress import Progress
from exercises.grading.verdict import Criterion, Finding, Outcome, Verdict

HINTS = (
    Hint(text="a question", criteria=("fast",)),
    Hint(text="a pointer", criteria=("fast", "right")),
    Hint(text="another pointer", criteria=("right",)),
    Hint(text="nearly the answer"),
)
EXERCISE = exercises()[0]


@pytest.mark.parametrize(
    ("given", "missed", "next_one"),
    [
        ((), (), 0),
        ((0, 1), (), 2),
        ((), ("right",), 1),
        ((1,), ("right", "fast"), 2),
        ((1, 2), ("right", "fast"), 0),
        ((), ("of no hint", "right"), 1),
        ((1, 2), ("right",), 0),
        ((0, 1, 2), ("right",), 3),
        ((0, 1, 2, 3), ("right",), None),
    ],
)
def test_which_comes_next(
    given: Sequence[int], missed: Sequence[str], next_one: int | None
) -> None:
    assert next_hint(HINTS, given, missed) == next_one


def verdict(*missed: str) -> Verdict:
    findings = tuple(
        Finding(Criterion(name, name, 1, ("A1",), "model", ""), Outcome.FAILED) for name in missed
    )
    return Verdict(EXERCISE.slug, "exercises", "embedded", 0.5, findings)


def test_the_last_verdict_decides_and_none_comes_twice(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.sqlite3")
    hints = EXERCISE.about.hints
    fitting = next(hint for hint in hints[1:] if hints[0].criteria[0] not in hint.criteria)
    progress.record(verdict(hints[0].criteria[0]))
    progress.record(verdict(fitting.criteria[0]))
    assert give_next_hint(EXERCISE, progress)[-1] == fitting
    for _ in hints[1:]:
        given = give_next_hint(EXERCISE, progress)
    assert sorted(hint.text for hint in given) == sorted(hint.text for hint in hints)
    assert give_next_hint(EXERCISE, progress) == given


def test_a_hint_that_was_taken_out_since_is_not_looked_for(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.sqlite3")
    progress.give_hint(EXERCISE.slug, 99)
    assert give_next_hint(EXERCISE, progress) == [EXERCISE.about.hints[0]]


@pytest.mark.parametrize("exercise", exercises(), ids=lambda each: each.slug)
def test_whatever_is_missed_nearly_the_answer_does_not_come_first(exercise: Exercise) -> None:
    hints = exercise.about.hints
    for criterion in {name for hint in hints for name in hint.criteria}:
        assert next_hint(hints, (), [criterion]) != len(hints) - 1
