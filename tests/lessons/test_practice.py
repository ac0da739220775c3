"""Practice checks answer in one line and never raise."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exercises.grading.lesson import expect
from exercises.grading.lesson.practice import check_order, has_gap, practice

STEPS = {"a": "write", "b": "commit", "c": "tell"}
RULES = {"ab": "there is nothing to commit yet.", "bc": "it could still be undone."}


def unfinished(_: int) -> int:
    answer: int = ...  # type: ignore[assignment]
    return answer


def finished(numbers: tuple[int, ...]) -> Callable[..., int]:
    return lambda: sum(numbers)


def attempt(answer: object) -> None:
    @practice("practice-1", answer, to_do="give a number")
    def _() -> None:
        assert answer == 1, "it has to be one."
        assert answer + 1 == 2


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (..., "practice-1 · to do: give a number\n"),
        ("SELECT ____", "practice-1 · to do: give a number\n"),
        (unfinished, "practice-1 · to do: give a number\n"),
        (2, "practice-1 · wrong because it has to be one.\n"),
        (1, "practice-1 · right\n"),
    ],
)
def test_what_is_told(answer: object, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    attempt(answer)
    assert capsys.readouterr().out == told


def test_code_that_raises_is_wrong_and_not_a_crash(capsys: pytest.CaptureFixture[str]) -> None:
    @practice("practice-1", to_do="divide")
    def _() -> None:
        raise ZeroDivisionError("by zero")

    assert "wrong because your code raised ZeroDivisionError: by zero" in capsys.readouterr().out


def test_an_ellipsis_in_a_type_is_no_gap() -> None:
    assert not has_gap(finished)


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ("____", "to do: put them in order"),
        ("abc", "right"),
        ("a, b, c", "right"),
        ("bac", "wrong because “b” comes before “a”, but there is nothing to commit yet."),
        ("ab", "wrong because each of a, b, c has to stand there exactly once."),
    ],
)
def test_order(order: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    check_order("order", order, steps=STEPS, before=RULES, to_do="put them in order")
    assert capsys.readouterr().out == f"order · {told}\n"


@pytest.mark.parametrize("order", ["abc", "acb"])
def test_every_valid_order_is_right(order: str, capsys: pytest.CaptureFixture[str]) -> None:
    rules = {"ab": "first a.", "ac": "first a."}
    check_order("order", order, steps=STEPS, before=rules, to_do="")
    assert "right" in capsys.readouterr().out


def test_expect_says_what_came(capsys: pytest.CaptureFixture[str]) -> None:
    with expect(ValueError, match="name"):
        int("name")
    assert capsys.readouterr().out == "ValueError, as expected\n"


def test_expect_fails_when_nothing_is_raised() -> None:
    with pytest.raises(AssertionError, match="nothing was raised"), expect(KeyError):
        pass


def test_expect_fails_on_another_message() -> None:
    with pytest.raises(AssertionError, match="it says"), expect(KeyError, match="email"):
        raise KeyError("name")
