"""Checks of a lesson's practice cells. They answer in one line and never raise.

    @practice("practice-1", seconds, to_do="say how long a key may live")
    def _() -> None:
        assert seconds <= 300, "for longer than 300 s, users see yesterday's name"

A gap is `...` in code and `____` in text. While one is left, the check says so and does not run.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from types import EllipsisType

from exercises.grading.explanation import explain

TEXT_GAP = "____"


def practice(name: str, *answers: object, to_do: str) -> Callable[[Callable[[], None]], None]:
    """Tries the learner's `answers` with the decorated function, at once, and prints one line.

    Args:
        name: what the line starts with; the id of the cell with the gap.
        answers: the learner's values or functions; while one has a gap nothing is tried.
        to_do: what is asked for, told while a gap is left.
    """

    def run(attempt: Callable[[], None]) -> None:
        print(f"{name} · {_outcome(answers, to_do, attempt)}")

    return run


def check_order(
    name: str, order: str, *, steps: Mapping[str, str], before: Mapping[str, str], to_do: str
) -> None:
    """Checks the answer to an order puzzle; every order that keeps the rules is right.

    Args:
        name: what the line starts with; the id of the cell with the gap.
        order: the learner's answer, letters in order such as `"bdac"`, or a gap.
        steps: the steps by letter.
        before: for each rule `"ab"` (step a must come before step b) the reason.
        to_do: what is asked for, told while a gap is left.
    """
    letters = [letter for letter in order.lower() if letter.isalpha()]

    def attempt() -> None:
        assert sorted(letters) == sorted(steps), (
            f"each of {', '.join(sorted(steps))} has to stand there exactly once."
        )
        for pair, reason in before.items():
            first, second = pair[0], pair[1]
            assert letters.index(first) < letters.index(second), (
                f"“{second}” comes before “{first}”, but {reason}"
            )

    print(f"{name} · {_outcome((order,), to_do, attempt)}")


def has_gap(answer: object) -> bool:
    """Whether something is left to fill in: `...` in a value or a function, `____` in text."""
    if isinstance(answer, EllipsisType):
        return True
    if isinstance(answer, str):
        return TEXT_GAP in answer
    if inspect.isfunction(answer):
        return _function_has_gap(textwrap.dedent(inspect.getsource(answer)))
    return False


def _function_has_gap(source: str) -> bool:
    nodes = list(ast.walk(ast.parse(source)))
    slices = [node.slice for node in nodes if isinstance(node, ast.Subscript)]
    in_types = [inner for each in slices for inner in ast.walk(each)]  # as in tuple[int, ...]
    return any(
        isinstance(node, ast.Constant) and node.value is ... and node not in in_types
        for node in nodes
    )


def _outcome(answers: tuple[object, ...], to_do: str, attempt: Callable[[], None]) -> str:
    if any(has_gap(answer) for answer in answers):
        return f"to do: {to_do}"
    try:
        attempt()
    except Exception as error:
        told = explain(error) if isinstance(error, AssertionError) else _mishap(error)
        return f"wrong because {told}"
    return "right"


def _mishap(error: Exception) -> str:
    return f"your code raised {type(error).__name__}: {error}"
