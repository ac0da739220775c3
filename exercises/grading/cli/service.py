"""`dojo start`, `doctor`, `serve`: the machine and the running service."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Annotated

import typer
from rich.text import Text

from exercises.grading import terminal
from exercises.grading.bench import On, open_bench
from exercises.grading.catalog import exercises
from exercises.grading.cli.screen import CANNOT, notes, out, plain_errors
from exercises.grading.lesson.copies import my_copies
from exercises.grading.machine import examine
from exercises.grading.people import PASSWORD, People
from exercises.grading.places import ROOT
from exercises.grading.progress import Progress
from exercises.grading.subject import Subject
from reference_app.running import start as start_backend

Backend = Annotated[On, typer.Option("--on", help="How to run the service.")]


def start(
    *,
    on: Backend = "auto",
    lab: Annotated[bool, typer.Option(help="Open JupyterLab afterwards.")] = True,
) -> None:
    """Check this machine, show a first verdict, open JupyterLab at the first lesson."""
    _first_verdict(on)
    if not lab or not (sys.stdin.isatty() and sys.stdout.isatty()):
        out.print("Next: dojo start on a terminal opens the lessons; dojo watch judges as you go.")
        return
    lesson = my_copies()[0].relative_to(ROOT)
    out.print(f"Opening {lesson} in JupyterLab. Ctrl-C ends it.", markup=False)
    subprocess.run(
        [
            *(sys.executable, "-m", "jupyter", "lab"),
            f"--ServerApp.root_dir={ROOT}",
            f"--LabApp.default_url=/lab/tree/{lesson}",
            *(["--allow-root"] if os.geteuid() == 0 else []),
        ],
        check=False,
    )


def doctor(
    *,
    fix: Annotated[bool, typer.Option(help="Get what is missing: the container images.")] = False,
) -> None:
    """Say what this machine has, what is missing and what to do about it."""
    if fix:
        with plain_errors():
            from reference_app.running.images import prepare

            prepare(lambda line: notes.print(line, style="dim", markup=False))
    healthy = True
    for finding in examine():
        mark = Text("✓", "green") if finding.fine else Text("✗", "red")
        out.print(mark, Text(finding.what))
        if finding.advice:
            out.print(Text(f"  {finding.advice}", "dim"))
        healthy = healthy and (finding.fine or not finding.required)
    raise typer.Exit(0 if healthy else CANNOT)


def serve(*, on: Backend = "auto") -> None:
    """Run the service with your files in place and print its address, until Ctrl-C."""
    replace = {each.part: each.learner_file for each in exercises() if each.learner_file.exists()}
    with plain_errors(), start_backend(on) as backend:
        out.print(backend.reason, style="dim", markup=False)
        settings = {"PAYMENT_URL": backend.payment_account().url}
        with backend.service(replace=replace, settings=settings) as service:
            people = People(Subject(backend, service))
            out.print(f"Your service: {service.url}/docs   (Ctrl-C ends it)", markup=False)
            for person in (people.user(), people.support(), people.admin()):
                out.print(f"  log in as {person.email} with {PASSWORD}", markup=False)
            for each in replace.values():
                out.print(f"  with {each.relative_to(ROOT)}", style="dim", markup=False)
            while service.running:
                time.sleep(0.5)
            notes.print("The service has ended. Its last lines:", style="bold red")
            notes.print("\n".join(service.logs()[-20:]), markup=False)
            raise typer.Exit(1)


def _first_verdict(on: On) -> None:
    from exercises.grading.judge import judge

    progress = Progress()
    chosen = next(
        (each for each in exercises() if not progress.standing(each.slug).passed), exercises()[0]
    )
    with plain_errors(), open_bench(on) as bench:
        out.print(bench.backend.reason, style="dim", markup=False)
        out.print(Text(f"{chosen.about.incident}\n"))
        verdict = judge(chosen, "exercises", bench)
    out.print(terminal.verdict_view(verdict, chosen))
    file = chosen.learner_file.relative_to(ROOT)
    out.print(f"Your file is {file}. Mend it and run: dojo watch {chosen.number}", markup=False)
