"""How long a learner waits: `python -m tests.benchmarks.verdicts [--on embedded] [--times 7]`.

Prints medians beside the budgets of the project, as seconds and as a share of the budget. What is
measured is what a learner does: commands in a terminal on a copy of the project.
"""

from __future__ import annotations

import argparse
import os
import pty
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic

from exercises.grading.catalog import Exercise, exercises
from exercises.grading.places import ROOT

BUDGETS = {"save → verdict": {"embedded": 0.8, "containers": 2.0}, "cold check": {"embedded": 4.0}}
LONGEST_WAIT = 60.0
DOJO = [sys.executable, "-m", "exercises.grading"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how long a learner waits for a verdict.")
    parser.add_argument("--on", choices=("embedded", "containers"), default="embedded")
    parser.add_argument("--times", type=int, default=7)
    options = parser.parse_args()
    with TemporaryDirectory(prefix="dojo-benchmark-") as folder:
        copy = Path(folder, "project")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        measured: dict[str, list[float]] = {name: [] for name in BUDGETS}
        for exercise in exercises():
            cold = [_cold_check(exercise, copy, options.on) for _ in range(options.times)]
            saves = _saves(exercise, copy, options.on, options.times)
            _print_row(exercise.slug, "cold check", cold, options.on)
            _print_row(exercise.slug, "save → verdict", saves, options.on)
            measured["cold check"] += cold
            measured["save → verdict"] += saves
        for name, figures in measured.items():
            _print_row("all", name, figures, options.on)


def _print_row(slug: str, name: str, figures: list[float], on: str) -> None:
    budget = BUDGETS[name].get(on)
    share = f"{median(figures) / budget:6.0%} of {budget:g} s" if budget else ""
    print(
        f"{slug:<12} {name:<15} {on:<10} median {median(figures):5.2f} s "
        f"(from {min(figures):.2f} to {max(figures):.2f}, n={len(figures)}) {share}",
        flush=True,
    )


def _cold_check(exercise: Exercise, project: Path, on: str) -> float:
    started = monotonic()
    command = [*DOJO, "check", exercise.number, "--submission", "solutions", "--on", on]
    subprocess.run(command, cwd=project, env=_environment(project), stdout=-3, check=True)
    return monotonic() - started


def _saves(exercise: Exercise, project: Path, on: str, times: int) -> list[float]:
    """Seconds from writing the right answer to the headline of the verdict on the screen."""
    file = project / exercise.learner_file.relative_to(ROOT)
    right = (project / exercise.solution_file.relative_to(ROOT)).read_text("utf-8")
    with _watching(exercise, project, on) as screen:
        _read_until(screen, b"quit")
        waits = []
        for number in range(times):
            _drain(screen, quiet=0.5)
            started = monotonic()
            file.write_text(f"{right}\n# save {number}\n", "utf-8")
            _read_until(screen, b"100/100")
            waits.append(monotonic() - started)
    return waits


@contextmanager
def _watching(exercise: Exercise, project: Path, on: str) -> Iterator[int]:
    screen, terminal = pty.openpty()
    watch = subprocess.Popen(
        [*DOJO, "watch", exercise.number, "--on", on],
        cwd=project,
        env=_environment(project),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    try:
        yield screen
        os.write(screen, b"q")
        watch.wait(timeout=LONGEST_WAIT)
    finally:
        watch.kill()
        watch.wait()
        os.close(screen)


def _read_until(screen: int, wanted: bytes) -> None:
    seen = b""
    deadline = monotonic() + LONGEST_WAIT
    while wanted not in seen:
        if not select.select([screen], [], [], max(0.0, deadline - monotonic()))[0]:
            raise TimeoutError(f"{wanted!r} did not appear; the screen ends: {seen[-500:]!r}")
        seen += os.read(screen, 65536)


def _drain(screen: int, *, quiet: float) -> None:
    while select.select([screen], [], [], quiet)[0]:
        os.read(screen, 65536)


def _environment(project: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(project), "TERM": "xterm", "COLUMNS": "80"}


if __name__ == "__main__":
    main()
