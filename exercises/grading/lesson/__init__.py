"""What a lesson imports: the running service and its variants, and the cells' small helpers.

    from exercises.grading.lesson import compare, expect, open_lesson, practice, predict

    lab = open_lesson("06")
    service = lab.reference             # the untouched service
    people = lab.people(service)        # users of it who are logged in
    service.get("/api/v1/users/me", token=people.user().token)

Every `Subject` has the same hands and eyes as the graded suites: HTTP, `sql`, `statements()`,
`cache`, `log_lines()`, `process`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from exercises.grading.lesson.facts import facts_of, lesson_file
from exercises.grading.lesson.lab import Lab
from exercises.grading.lesson.notebook_view import check
from exercises.grading.lesson.practice import check_order, practice
from exercises.grading.lesson.predictions import Predictions

__all__ = ["check", "check_order", "compare", "expect", "open_lesson", "practice", "predict"]

READY = "Ready: a service on its own PostgreSQL and Valkey, for this notebook alone."


class _Open:
    """The lesson that this kernel has open."""

    lab: Lab | None = None
    predictions: Predictions | None = None


def open_lesson(
    number: str, *, exercise: str | None = None, settings: dict[str, str] | None = None
) -> Lab:
    """Starts a back end for this notebook; it ends with the notebook's kernel, however that ends.

    Args:
        number: the lesson, such as `"06"`.
        exercise: whose part is replaced; the one of the same number when not given.
        settings: environment of the service for this lesson, on top of the exercise's own.
    """
    if _Open.lab is not None:
        _Open.lab.close()
    _Open.predictions = Predictions(facts_of(lesson_file(number)))
    _Open.lab = Lab(number, exercise or number, settings or {})
    print(READY)
    return _Open.lab


def predict(question: str, letter: str) -> None:
    """Notes what you expect, before it is measured. `"?"` means: not answered yet."""
    print(_predictions().commit(question, letter))


def compare(question: str, measured: object) -> None:
    """Shows what was measured beside what you had predicted in this run."""
    print(_predictions().beside(question, measured))


def _predictions() -> Predictions:
    if _Open.predictions is None:
        raise LookupError("Run the set-up cell first: it opens the lesson.")
    return _Open.predictions


@contextmanager
def expect(error: type[BaseException], match: str = "") -> Iterator[None]:
    """For a cell that must fail: says so when `error` comes, and fails when it does not.

    Args:
        error: the class of the error.
        match: a regular expression that its message must contain.

    Raises:
        AssertionError: nothing was raised, or its message says something else.
    """
    try:
        yield
    except error as raised:
        if not re.search(match, str(raised)):
            raise AssertionError(f"{type(raised).__name__} came, but it says: {raised}") from raised
        print(f"{type(raised).__name__}, as expected")
    else:
        raise AssertionError(f"{error.__name__} was expected, and nothing was raised")
