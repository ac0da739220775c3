"""One call that judges one submission: runs the suite of the exercise and gives the verdict."""

from __future__ import annotations

from time import perf_counter

import pytest

from exercises.grading import plugin
from exercises.grading.bench import Bench
from exercises.grading.catalog import Exercise
from exercises.grading.places import ROOT
from exercises.grading.verdict import CannotJudge, Verdict

OPTIONS = (
    f"--rootdir={ROOT}",
    *("--override-ini", "addopts="),
    *("--import-mode=importlib", "--strict-markers"),
    *("-p", "no:terminal", "-p", "no:cacheprovider", "--disable-plugin-autoload"),
    *("-p", "no:threadexception", "-p", "no:unraisableexception", "--capture=sys"),
)
"""The project's own, less what prints or keeps files, what blames a criterion for the caller's
threads, and what takes the terminal away from the caller: a verdict is all that comes out."""


def judge(exercise: Exercise, where: str, bench: Bench) -> Verdict:
    """Judges a submission.

    Args:
        exercise: which suite to run.
        where: the submission, as `--submission` takes it.
        bench: where to run it; it is left running.

    Raises:
        CannotJudge: not every criterion of the suite reported.
        KeyboardInterrupt: it was interrupted from the keyboard.
    """
    grading = plugin.Grading(where, bench=bench)
    started = perf_counter()
    code = pytest.main([str(exercise.suite), *OPTIONS], plugins=[plugin, grading])
    seconds = perf_counter() - started
    if code == pytest.ExitCode.INTERRUPTED and not grading.problems:
        raise KeyboardInterrupt
    for verdict in grading.record.verdicts(where):
        if verdict.exercise == exercise.slug:
            return Verdict(verdict.exercise, where, bench.backend.name, seconds, verdict.findings)
    raise CannotJudge(
        "\n".join(grading.problems)
        or f"The suite {exercise.suite.name} ended before every criterion had reported."
    )
