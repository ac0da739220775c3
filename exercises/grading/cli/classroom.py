"""`dojo release`, `collect`, `similarity`: what an instructor does before and after grading."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exercises.grading.catalog import Exercise, exercises
from exercises.grading.cli.screen import fail, named, out

Chosen = Annotated[
    str | None,
    typer.Option("--exercises", metavar="06,10", help="Numbers or names; all without."),
]


def release(
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to make.")],
    *,
    chosen: Chosen = None,
    zipped: Annotated[bool, typer.Option("--zip", help="Make OUT.zip as well.")] = False,
) -> None:
    """Make what a class gets: lessons, exercises and suites, without answers."""
    from exercises.grading.classroom import release as making

    wanted = chosen_of(chosen)
    given = making.with_what_the_first_lesson_needs(wanted)
    try:
        made = making.release(given, target, zipped=zipped)
    except (making.CannotRelease, OSError) as error:
        fail(str(error))
    for each in given:
        why = "" if each in wanted else "   (lesson 00 shows the kit by it)"
        out.print(f"  {each.slug}{why}", style="dim", markup=False)
    for path in made:
        out.print(f"Made {path}", markup=False)


def chosen_of(names: str | None) -> list[Exercise]:
    """The exercises that `--exercises` names; all without it."""
    if names is None:
        return list(exercises())
    wanted = {each.slug: each for each in map(named, names.split(","))}
    return [wanted[slug] for slug in sorted(wanted)]
