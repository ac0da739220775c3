"""`dojo check` and `dojo watch`: verdicts."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Annotated

import typer

from exercises.grading import terminal
from exercises.grading.bench import On, open_bench
from exercises.grading.catalog import Exercise, exercises
from exercises.grading.cli.screen import named, notes, out, plain_errors
from exercises.grading.progress import Progress
from exercises.grading.verdict import CannotJudge, Verdict
from reference_app.running import RunningError

Name = Annotated[
    str | None,
    typer.Argument(
        help="Number or name of an exercise: 6, 06_queries, queries. "
        "Without one: the first that is not yet passed.",
        show_default=False,
    ),
]
Where = Annotated[
    str,
    typer.Option(
        "--submission",
        metavar="PATH",
        help="A file, an exercise folder, a folder of exercise folders, or one of "
        "exercises (your own files), solutions, starter, reference.",
    ),
]
Backend = Annotated[On, typer.Option("--on", help="How to run the service.")]


def check(
    exercise: Name = None,
    *,
    submission: Where = "exercises",
    on: Backend = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show every failure whole.")] = False,
) -> None:
    """Judge your file. Exit code 0: full marks; 1: not yet; 2: it could not be judged."""
    chosen = _chosen(exercise)
    with plain_errors():
        try:
            verdict = _judged(chosen, submission, on)
        except (CannotJudge, RunningError) as error:
            if as_json:
                content = {"exercise": chosen.slug, "submission": submission, "error": str(error)}
                typer.echo(json.dumps(content, ensure_ascii=False))
            raise
    if as_json:
        typer.echo(json.dumps(verdict.as_json(), ensure_ascii=False))
    else:
        details = len(verdict.failures) if everything else 1
        out.print(terminal.verdict_view(verdict, chosen, details=details))
    raise typer.Exit(verdict.exit_code)


def watch(exercise: Name = None, *, on: Backend = "auto") -> None:
    """Judge your file whenever you save it. Keys: h hint, d evidence, l list, n next, r run, q."""
    from exercises.grading.pair import Pair
    from exercises.grading.watch import Watch  # needs a terminal; nothing else does

    chosen = _chosen(exercise)
    notes.print("Starting PostgreSQL, the cache and the service …", style="dim")
    with plain_errors(), open_bench(on) as bench, closing(Pair(bench)) as graders:
        Watch(chosen, graders, out, Progress()).run()


def _chosen(name: str | None) -> Exercise:
    if name is not None:
        return named(name)
    progress = Progress()
    with plain_errors():
        return next(
            (each for each in exercises() if not progress.standing(each.slug).passed),
            exercises()[-1],
        )
    raise AssertionError


def _judged(exercise: Exercise, where: str, on: On) -> Verdict:
    with notes.status("Starting PostgreSQL, the cache and the service …"):
        from exercises.grading.judge import judge  # pytest is imported while the screen says so

        with open_bench(on) as bench:
            verdict = judge(exercise, where, bench)
    if where == "exercises":
        Progress().record(verdict)
    return verdict
