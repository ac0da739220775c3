"""What a class costs: `python -m tests.benchmarks.grading [--learners 200] [--trust]`.

Makes a class out of right answers, beginnings and mistakes, grades a tenth of it and then all of
it, with one worker and with two, and prints what a submission costs each time, how much memory the
grader takes, and whether all runs gave the same marks. With --trust there is no sandbox.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import psutil  # type: ignore[import-untyped]

from exercises.grading.catalog import Exercise, exercises
from exercises.grading.classroom.gradebook import FILE_NAME, Gradebook
from exercises.grading.faults import faults_of
from exercises.grading.places import ROOT

BUDGET_SECONDS = 1.0
MIB = 2**20
SEED = 4

Outcomes = dict[tuple[str, str], tuple[str, ...]]


@dataclass(frozen=True)
class Run:
    """One run of `dojo grade`: what it judged, in how long, at which peak of memory."""

    judged: int
    seconds: float
    peak_mib: float
    outcomes: Outcomes

    @property
    def cost(self) -> float:
        """Seconds of the wall clock for each submission and exercise."""
        return self.seconds / self.judged


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what grading a class costs.")
    parser.add_argument("--learners", type=int, default=200)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--trust", action="store_true")
    options = parser.parse_args()
    trust = ["--trust"] if options.trust else []
    with TemporaryDirectory(prefix="dojo-benchmark-") as name:
        folder = Path(name)
        make_class(folder / "tenth", options.learners // 10)
        make_class(folder / "whole", options.learners)
        runs: list[Run] = []
        tenth = _grade(folder / "tenth", folder / "out-tenth", options.workers[-1], trust)
        _print_row(options.learners // 10, options.workers[-1], tenth)
        for repeat in range(options.repeats):
            for workers in options.workers:
                out = folder / f"out-{workers}-{repeat}"
                runs.append(_grade(folder / "whole", out, workers, trust))
                _print_row(options.learners, workers, runs[-1])
    whole = runs[len(options.workers) - 1]
    print(f"class ×10: a submission costs ×{whole.cost / tenth.cost:.2f}, ", end="")
    print(f"the grader's memory ×{whole.peak_mib / tenth.peak_mib:.2f}")
    differing = {k for run in runs for k, v in run.outcomes.items() if runs[0].outcomes[k] != v}
    print(f"{len(runs)} runs, {len(runs[0].outcomes)} marks each; not the same: {len(differing)}")
    for key in sorted(differing):
        print("  ", *key)


def make_class(folder: Path, learners: int) -> None:
    """Every learner's files are their own, if only by a comment."""
    chance = random.Random(SEED)  # noqa: S311 - the same class every time
    for number in range(learners):
        for exercise in exercises():
            file = folder / f"learner-{number:04}" / exercise.slug / exercise.file_name
            file.parent.mkdir(parents=True)
            file.write_text(f"{_answer(exercise, chance)}\n# learner {number}\n", "utf-8")


def _answer(exercise: Exercise, chance: random.Random) -> str:
    """A third is right, a sixth has only begun, half has one of the known mistakes."""
    solution = exercise.solution_file.read_text("utf-8")
    kind = chance.random()
    if kind < 1 / 3:
        return solution
    if kind < 1 / 2:
        return exercise.starter_file.read_text("utf-8")
    return chance.choice(faults_of(exercise)).applied_to(solution)


def _grade(submissions: Path, out: Path, workers: int, trust: list[str]) -> Run:
    command = [sys.executable, "-m", "exercises.grading", "grade", str(submissions)]
    grader = subprocess.Popen(
        [*command, "--out", str(out), "--workers", str(workers), "--json", *trust],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert grader.stdout is not None
    memory = psutil.Process(grader.pid).memory_info
    began, judged, peak = monotonic(), 0, 0
    for line in grader.stdout:
        event = json.loads(line)
        if event["event"] == "started":
            began = monotonic()
        if event["event"] == "done":
            break
        judged += event.get("status") == "judged"
        peak = max(peak, memory().rss)
    seconds = monotonic() - began
    if grader.wait() != 0:
        raise SystemExit(f"dojo grade ended with {grader.returncode}.")
    return Run(judged, seconds, peak / MIB, _outcomes(out))


def _outcomes(out: Path) -> Outcomes:
    """What came of every criterion, by learner and exercise."""
    return {
        (mark.learner, mark.exercise): tuple(
            f"{found.criterion.id} {found.outcome}" for found in mark.verdict.findings
        )
        for mark in Gradebook(out / FILE_NAME).marks()
    }


def _print_row(learners: int, workers: int, run: Run) -> None:
    print(
        f"{learners:4} learners  {workers} workers  {run.judged:4} judged in {run.seconds:6.1f} s  "
        f"{run.cost:5.2f} s each ({run.cost / BUDGET_SECONDS:4.0%} of {BUDGET_SECONDS:g} s)  "
        f"grader {run.peak_mib:4.0f} MiB",
        flush=True,
    )


if __name__ == "__main__":
    main()
