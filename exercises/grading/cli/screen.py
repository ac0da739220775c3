"""The two streams of the command line, and how it ends when something cannot be done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from exercises.grading.catalog import BrokenExercise, Exercise, UnknownExercise, find_exercise
from exercises.grading.verdict import CannotJudge
from reference_app.running import RunningError

CANNOT = 2
"""Exit code: what was asked for could not be done."""

out = Console(highlight=False)
notes = Console(stderr=True, highlight=False)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Ends the command with exit code 2 and one clear message where it cannot go on."""
    try:
        yield
    except (BrokenExercise, CannotJudge, RunningError, UnknownExercise) as error:
        fail(str(error.args[0]) if error.args else str(error))
    except KeyboardInterrupt:
        notes.print("Stopped.", style="dim")
        raise typer.Exit(130) from None


def fail(message: str) -> None:
    """Says what went wrong and ends the command with exit code 2."""
    notes.print(message, style="bold red", markup=False)
    raise typer.Exit(CANNOT)


def named(exercise: str) -> Exercise:
    """The exercise a command was asked for; ends the command when there is none of that name."""
    with plain_errors():
        return find_exercise(exercise)
    raise AssertionError
