"""`dojo grade`: what a class handed in is judged into a gradebook."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exercises.grading.catalog import exercises
from exercises.grading.cli.gradebook import gradebook_errors
from exercises.grading.cli.screen import CANNOT, fail, named, notes, plain_errors
from reference_app.running import NoEngine

if TYPE_CHECKING:  # what grades a class takes time to import, and no other command needs it
    from contextlib import AbstractContextManager

    from exercises.grading.classroom.crew import Crew
    from exercises.grading.classroom.worker_link import BenchName

INTERRUPTED = 130
WITHOUT_SANDBOX = """\
Nothing was graded. Submissions are run in a sandbox, and there is none here:

{reason}

Without one they would run with your rights: they could read and change all that you can, \
this gradebook too. If you trust everybody who handed something in: --trust. Every mark then says \
“embedded”."""


def grade(
    submissions: Annotated[
        Path, typer.Argument(help="A folder with one folder or zip for each learner.")
    ],
    *,
    to: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the gradebook is.")],
    wanted: Annotated[
        str, typer.Option("--exercises", metavar="06,10", help="Only these; all without.")
    ] = "",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that judge; as many as cores without.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of a Dask scheduler: tcp://host:8786.")
    ] = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="Run submissions without a sandbox, with your rights.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Judge the unchanged ones too.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object an event.")
    ] = False,
) -> None:
    """Judge a class. Run it again to go on after an interruption, or for what has changed since.

    Exit code 0: every entry has its mark; 2: something could not be judged.
    """
    if cluster and workers:
        fail("--workers is about this machine; a cluster has its own. Leave out one of the two.")
    asked_for = map(named, wanted.split(",")) if wanted else exercises()
    chosen = list({each.slug: each for each in asked_for}.values())
    from exercises.grading.classroom.grade import Grading
    from exercises.grading.classroom.gradebook import FILE_NAME, Gradebook
    from exercises.grading.classroom.inbox import find_strangers, read_inbox
    from exercises.grading.classroom.lock import alone_in
    from exercises.grading.classroom.worker_link import WorkerLost
    from exercises.grading.cli.grading_screen import screen

    with plain_errors(), gradebook_errors():
        try:
            with alone_in(to), screen(as_json=as_json) as tell:
                inbox = partial(read_inbox, submissions, chosen)
                inbox()  # refuses what is no class, before anything is started
                for stranger in find_strangers(submissions):
                    notes.print(f"Left alone, for it is no learner's: {stranger}", style="dim")
                gradebook = Gradebook(to / FILE_NAME, new=True)
                with _crew(cluster, workers, trust=trust) as crew:
                    finished = Grading(gradebook, chosen, tell).run(inbox, crew, again=again)
        except NoEngine as none:
            fail(WITHOUT_SANDBOX.format(reason=none))
        except WorkerLost as lost:
            fail(str(lost))
        except KeyboardInterrupt:
            notes.print("Stopped. The same command goes on from here.", style="dim")
            raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(CANNOT if finished.not_judged else 0)


def _crew(cluster: str | None, workers: int | None, *, trust: bool) -> AbstractContextManager[Crew]:
    bench: BenchName = "embedded" if trust else "sandbox"
    if cluster:
        from exercises.grading.classroom.cluster import cluster_crew

        return cluster_crew(bench, cluster)
    from exercises.grading.classroom.workers import local_crew

    report = partial(notes.print, style="dim", markup=False, soft_wrap=True)
    return local_crew(bench, workers or os.cpu_count() or 1, report)
