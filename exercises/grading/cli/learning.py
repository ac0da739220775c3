"""`dojo list`, `hint`, `solution`, `reset`: what a learner does between two verdicts."""

from __future__ import annotations

import shutil
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.markdown import Markdown
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from exercises.grading import terminal
from exercises.grading.catalog import Exercise, exercises
from exercises.grading.cli.screen import fail, named, out, plain_errors
from exercises.grading.course import Part, part_of
from exercises.grading.hints import give_next_hint
from exercises.grading.places import RELEASED, ROOT
from exercises.grading.progress import Progress

Name = Annotated[str, typer.Argument(help="Number or name of an exercise: 6, 06_queries, queries.")]


def list_exercises() -> None:
    """List the exercises and how far you are."""
    progress = Progress()
    with plain_errors():
        for part, members in groupby(exercises(), key=lambda each: part_of(each.number)):
            out.print(_part_table(part, list(members), progress))


def _part_table(part: Part, members: list[Exercise], progress: Progress) -> Table:
    done = sum(progress.standing(exercise.slug).passed for exercise in members)
    table = Table(
        title=f"Part {part.numeral} · {part.title}  {done}/{len(members)}",
        title_justify="left",
        title_style="bold",
        box=None,
        show_header=False,
        padding=(0, 1),
    )
    table.add_column(width=1)
    table.add_column(no_wrap=True)
    table.add_column(width=12)
    table.add_column(justify="right", width=7)
    table.add_column(ratio=1)
    for exercise in members:
        standing = progress.standing(exercise.slug)
        table.add_row(
            Text("✓", "green") if standing.passed else Text("·", "dim"),
            exercise.slug,
            ProgressBar(total=standing.total, completed=standing.best, width=12),
            f"{standing.best}/{standing.total}",
            Text(exercise.about.title),
        )
    return table


def hint(
    exercise: Name,
    *,
    everything: Annotated[bool, typer.Option("--all", help="With the earlier ones.")] = False,
) -> None:
    """Give the next hint: about what your last verdict found first, else in order."""
    chosen = named(exercise)
    progress = Progress()
    before = len(progress.hints_given(chosen.slug))
    given = give_next_hint(chosen, progress)
    first = 0 if everything or len(given) == before else len(given) - 1
    for number, each in enumerate(given[first:], start=first + 1):
        out.print(terminal.hint_view(each, number, chosen))


def solution(exercise: Name) -> None:
    """Show the walk-through of the model answer, and where its file is."""
    chosen = named(exercise)
    if RELEASED:
        fail("Solutions are not part of this release. `dojo hint` helps; your instructor has them.")
    walk = chosen.solution_file.with_name("README.md")
    out.print(Markdown(walk.read_text("utf-8")))
    out.print(f"The file: {chosen.solution_file.relative_to(ROOT)}", markup=False)
    out.print(f"The reference: {chosen.reference_file.relative_to(ROOT)}", markup=False)


def reset(exercise: Name) -> None:
    """Put the starter back; your file is kept beside it."""
    chosen = named(exercise)
    if not chosen.starter_file.is_file():
        fail(f"{chosen.starter_file.relative_to(ROOT)} is missing; get it back from the project.")
    kept = _keep(chosen.learner_file)
    shutil.copyfile(chosen.starter_file, chosen.learner_file)
    out.print(f"{chosen.learner_file.relative_to(ROOT)} is the starter again.", markup=False)
    if kept:
        out.print(f"Your file is kept as {kept.relative_to(ROOT)}.", markup=False)


def _keep(file: Path) -> Path | None:
    """Moves a file to the next free backup name beside it."""
    if not file.exists():
        return None
    number = 1
    while (kept := file.with_name(f"{file.name}.backup-{number}")).exists():
        number += 1
    file.rename(kept)
    return kept
