"""`dojo gradebook`: what the marks are, and what people do about them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from getpass import getuser
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from typer.core import TyperGroup

from exercises.grading.cli.screen import fail, named, out, plain_errors
from exercises.grading.plain import one_line

if TYPE_CHECKING:
    from exercises.grading.classroom.gradebook import Gradebook, Kind
    from exercises.grading.classroom.mark import Mark

HELP = "Show the marks of a class; set them, take points off and comment by hand."
MACHINE = "machine"
BY_HAND = "✎"


class ShowByDefault(TyperGroup):
    """`dojo gradebook DIR` is `dojo gradebook show DIR`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, "--help"}:
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=ShowByDefault, no_args_is_help=True, rich_markup_mode=None)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="What `dojo grade --out` was given.")]
Learner = Annotated[str, typer.Argument(help="As the learner's folder or zip is called.")]
Exercise = Annotated[str, typer.Argument(help="Number or name: 6, 06_queries, queries.")]
Reason = Annotated[str, typer.Option("--reason", help="Kept with it, and shown in the history.")]
By = Annotated[str | None, typer.Option("--by", help="Who decided; your login name without.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]


@app.command()
def show(folder: Folder, *, as_json: AsJson = False) -> None:
    """Show the points that count (the same without “show”); ✎ is where somebody did something."""
    with _opened(folder) as gradebook:
        if as_json:
            for mark in gradebook.marks():
                typer.echo(json.dumps(_as_json(mark)))
        else:
            _print_table(gradebook)


@app.command()
def override(
    folder: Folder,
    learner: Learner,
    exercise: Exercise,
    points: Annotated[str, typer.Argument(help="0 to 100, or “machine” to undo an override.")],
    *,
    reason: Reason,
    by: By = None,
) -> None:
    """Give points in place of the machine's."""
    given = None if points == MACHINE else _points(points)
    _edit(folder, learner, exercise, "override", given, reason, by)


@app.command()
def penalty(
    folder: Folder,
    learner: Learner,
    exercise: Exercise,
    points: Annotated[str, typer.Argument(help="0 to 100; it takes the place of an earlier one.")],
    *,
    reason: Reason,
    by: By = None,
) -> None:
    """Take points off, for being late for instance."""
    _edit(folder, learner, exercise, "penalty", _points(points), reason, by)


@app.command()
def comment(
    folder: Folder,
    learner: Learner,
    exercise: Exercise,
    text: Annotated[str, typer.Argument(help="What the learner is to read.")],
    *,
    by: By = None,
) -> None:
    """Say something to the learner about the mark."""
    _edit(folder, learner, exercise, "comment", None, text, by)


@app.command()
def history(
    folder: Folder, learner: Learner, exercise: Exercise, *, as_json: AsJson = False
) -> None:
    """Show all that happened to one mark: who, when and why."""
    with _opened(folder) as gradebook:
        trail = gradebook.history(learner, named(exercise).slug)
    for each in trail:
        if as_json:
            typer.echo(json.dumps({**asdict(each), "at": each.at.isoformat()}))
        else:
            points = MACHINE if each.what == "override" and each.points is None else each.points
            given = "" if points is None else f" {points}"
            line = f"{each.at:%Y-%m-%d %H:%M:%S} UTC  {one_line(each.who)}: {each.what}{given}"
            out.print(f"{line}\n  {one_line(each.why)}", markup=False, soft_wrap=True)


@contextmanager
def gradebook_errors() -> Iterator[None]:
    """Ends the command with one clear message when the gradebook is not as it has to be."""
    from sqlalchemy.exc import DatabaseError

    from exercises.grading.classroom.gradebook import GradebookError

    try:
        yield
    except GradebookError as error:
        fail(str(error))
    except DatabaseError as error:  # a full disk, a damaged file, a lock that is never released
        fail(f"The gradebook cannot be used: {error.orig}. What it held before was not changed.")


@contextmanager
def _opened(folder: Path) -> Iterator[Gradebook]:
    with plain_errors(), gradebook_errors():
        from exercises.grading.classroom.gradebook import FILE_NAME, Gradebook

        yield Gradebook(folder / FILE_NAME)


def _edit(
    folder: Path,
    learner: str,
    exercise: str,
    kind: Kind,
    points: int | None,
    why: str,
    by: str | None,
) -> None:
    if not why.strip():
        fail("Say why: nobody could defend the mark otherwise.")
    with _opened(folder) as gradebook:
        from exercises.grading.classroom.gradebook import Edit

        slug = named(exercise).slug
        gradebook.edit(Edit(learner, slug, kind, points, why.strip(), by or getuser()))
        out.print(f"Noted: {kind} for {one_line(learner)}, {slug}.", markup=False)


def _points(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 100:
        fail(f"{one_line(text)} is no number of points from 0 to 100.")
    return int(text)


def _as_json(mark: Mark) -> dict[str, Any]:
    return {
        "learner": mark.learner,
        "exercise": mark.exercise,
        "points": mark.points,
        "score": mark.verdict.score,
        "override": mark.override,
        "penalty": mark.penalty,
        "comments": mark.comments,
        "attempt": mark.attempt,
        "handed_in": mark.handed_in,
        "suite": mark.suite,
        "image": mark.image,
        "graded_at": mark.graded_at.isoformat(),
    }


def _print_table(gradebook: Gradebook) -> None:
    slugs = gradebook.exercises()
    table = Table("learner", *slugs, box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    unprotected = 0
    for learner, marks in groupby(gradebook.marks(), key=lambda mark: mark.learner):
        cells = {}
        for mark in marks:
            cells[mark.exercise] = _cell(mark)
            unprotected += mark.image == "embedded"
        table.add_row(one_line(learner), *(cells.get(slug, "–") for slug in slugs))
    out.print(table)
    if unprotected:
        out.print(f"{unprotected} marks were given without a sandbox (embedded).", style="yellow")


def _cell(mark: Mark) -> str:
    edited = mark.override is not None or mark.penalty or mark.comments
    return f"{mark.points} {BY_HAND}" if edited else str(mark.points)
