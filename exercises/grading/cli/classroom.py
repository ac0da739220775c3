"""`dojo release`, `collect`, `similarity`: what an instructor does before and after grading."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from exercises.grading.catalog import Exercise, exercises
from exercises.grading.cli.screen import fail, named, out, plain_errors
from exercises.grading.plain import one_line
from exercises.grading.verdict import Verdict

if TYPE_CHECKING:
    from exercises.grading.classroom.similarity import Close

MOST_PASSAGES = 3

Chosen = Annotated[
    str | None,
    typer.Option("--exercises", metavar="06,10", help="Numbers or names; all without."),
]


def release(
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to make.")],
    *,
    chosen: Chosen = None,
    zipped: Annotated[bool, typer.Option("--zip", help="Make OUT.zip as well.")] = False,
    with_hidden: Annotated[
        bool, typer.Option("--with-hidden", help="With hidden criteria: for a grader, not a class.")
    ] = False,
) -> None:
    """Make what a class gets: lessons, exercises and suites, without answers."""
    from exercises.grading.classroom import release as making
    from exercises.grading.classroom.doubtful import CannotRelease

    wanted = chosen_of(chosen)
    given = making.with_what_the_first_lesson_needs(wanted)
    try:
        made = making.release(given, target, zipped=zipped, with_hidden=with_hidden)
    except (CannotRelease, OSError) as error:
        fail(str(error))
    for each in given:
        why = "" if each in wanted else "   (lesson 00 shows the kit by it)"
        out.print(f"  {each.slug}{why}", style="dim", markup=False)
    for path in made:
        out.print(f"Made {path}", markup=False)


def collect(
    downloads: Annotated[
        list[Path], typer.Argument(metavar="DOWNLOAD", help="A course system's folder or zip.")
    ],
    *,
    target: Annotated[Path, typer.Option("--out", metavar="SUBMISSIONS", help="Where to.")],
    chosen: Chosen = None,
    learner: Annotated[
        str | None, typer.Option(metavar="NAME", help="All of it is this one learner's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Sort what a course system gives (Moodle, Canvas, clones, folders) for `dojo grade`."""
    from exercises.grading.classroom import collect as collecting
    from exercises.grading.classroom.flaw import Flaw
    from exercises.grading.classroom.participants import TwoAssignments

    try:
        report = collecting.collect(downloads, chosen_of(chosen), target, learner)
    except (Flaw, OSError, TwoAssignments) as error:
        fail(str(error))
    if as_json:
        typer.echo(json.dumps({**asdict(report), "learners": sorted(report.learners)}))
    else:
        for learner, exercise, note in report.placed:
            out.print(f"  {learner}/{exercise}: {note}", style="dim", markup=False)
        for where, why in report.unplaced:
            out.print(f"✗ {where}: {why}", style="yellow", markup=False)
        count = f"{len(report.placed)} files of {len(report.learners)} learners in {target}"
        out.print(f"{count}; {len(report.unplaced)} not placed", markup=False)
    raise typer.Exit(1 if report.unplaced else 0)


def similarity(
    folder: Annotated[
        Path, typer.Argument(metavar="SUBMISSIONS", help="As `dojo grade` takes it.")
    ],
    *,
    chosen: Chosen = None,
    threshold: Annotated[float, typer.Option(min=0, max=1, help="Least share to report.")] = 0.5,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object an exercise.")
    ] = False,
) -> None:
    """Find submissions that are close to each other, to the solution or to the reference."""
    from exercises.grading.classroom.similarity import compare

    with plain_errors():
        for exercise in chosen_of(chosen):
            found = compare(folder, exercise, threshold)
            if as_json:
                typer.echo(json.dumps(asdict(found), ensure_ascii=False))
            else:
                _show_close(found)
    if not as_json:
        out.print(
            "Closeness is a reason to look, not a proof: short parts leave few ways to write them, "
            "and people learn together.",
            style="bold",
        )


def _show_close(found: Close) -> None:
    title = f"{found.exercise}: {len(found.pairs)} close pairs among {found.files} files"
    table = Table("share", "who", "and who", "the longest passages, by lines", title=title)
    table.title_justify = "left"
    for pair in found.pairs:
        longest = sorted(pair.passages, key=lambda each: -each.tokens)[:MOST_PASSAGES]
        places = [f"{p.left[0]}–{p.left[1]} ↔ {p.right[0]}–{p.right[1]}" for p in longest]
        who, and_who = Text(one_line(pair.left)), Text(one_line(pair.right))
        table.add_row(f"{pair.share:.0%}", who, and_who, ", ".join(places))
    out.print(table)
    if found.unchanged:
        names = ", ".join(map(one_line, found.unchanged))
        out.print(f"The starter, unchanged but for names: {names}", markup=False)


def gradescope(
    verdicts: Annotated[
        Path, typer.Argument(metavar="VERDICTS", help="What `dojo check --json` printed, by line.")
    ],
    *,
    target: Annotated[Path, typer.Option("--out", metavar="FILE", help="results.json")],
) -> None:
    """Turn verdicts into the results.json that Gradescope and runners like it read."""
    from exercises.grading.classroom.gradescope import results

    with plain_errors():
        try:
            lines = verdicts.read_text("utf-8").splitlines()
            content = results([Verdict.from_json(json.loads(line)) for line in lines])
        except (KeyError, OSError, TypeError, ValueError) as error:
            fail(f"{verdicts} does not hold verdicts: {error!r}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")


def chosen_of(names: str | None) -> list[Exercise]:
    """The exercises that `--exercises` names; all without it."""
    if names is None:
        return list(exercises())
    wanted = {each.slug: each for each in map(named, names.split(","))}
    return [wanted[slug] for slug in sorted(wanted)]
