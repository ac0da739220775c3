"""One call that judges one submission: runs the suite of the exercise and gives the verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter

import pytest

from exercises.grading import plugin
from exercises.grading.bench import Bench
from exercises.grading.catalog import Exercise
from exercises.grading.places import ROOT
from exercises.grading.record import Tally
from exercises.grading.verdict import CannotJudge, Finding, Verdict

LEFT_OUT = (
    *("cacheprovider", "debugging", "doctest", "faulthandler", "junitxml", "legacypath", "logging"),
    *("pastebin", "setuponly", "setupplan", "stepwise", "subtests", "terminal", "threadexception"),
    *("unittest", "unraisableexception"),
)
"""Of pytest's own plugins: what prints or keeps files, what blames a criterion for the caller's
threads, and what no suite has a use for."""

OPTIONS = (
    f"--rootdir={ROOT}",
    *("--override-ini", "addopts="),
    *("--import-mode=importlib", "--strict-markers"),
    *("--capture=sys", "--disable-plugin-autoload"),
    *(f"-pno:{name}" for name in LEFT_OUT),
)
"""The project's own, less what takes the terminal away from the caller: a verdict is all that
comes out."""


WHOLE = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)

LONGEST_SUITE = 60.0
"""Seconds that a submission may take for a suite when others wait for their turn. The reference
takes a few."""


@dataclass(frozen=True)
class Tried:
    """What came of the criteria that were tried; `suite` has the ids of all, in their order."""

    suite: tuple[str, ...]
    findings: Mapping[str, Finding]
    times: Mapping[str, float]
    """Seconds that each one took."""


def judge(exercise: Exercise, where: str, bench: Bench, *, seconds: float | None = None) -> Verdict:
    """Judges a submission.

    Args:
        exercise: which suite to run.
        where: the submission, as `--submission` takes it.
        bench: where to run it; it is left running.
        seconds: what it may take for the whole suite; criteria that it has no time left for are
            failed, and say so. The reference's time does not count. None: any time.

    Raises:
        CannotJudge: not every criterion of the suite reported.
        KeyboardInterrupt: it was interrupted from the keyboard.
    """
    started = perf_counter()
    tried = try_criteria(exercise, where, bench, seconds=seconds)
    took = perf_counter() - started
    findings = tuple(tried.findings[name] for name in tried.suite)
    return Verdict(exercise.slug, where, bench.backend.name, took, findings)


def try_criteria(
    exercise: Exercise,
    where: str,
    bench: Bench,
    wanted: Callable[[str], bool] | None = None,
    *,
    last: Callable[[str], float] | None = None,
    seconds: float | None = None,
) -> Tried:
    """Tries the criteria of a suite on a submission.

    Args:
        exercise: which suite.
        where: the submission, as `--submission` takes it.
        bench: where to run it.
        wanted: asked with the id of each criterion when its turn comes; True: try it. None: all.
        last: gives the order in which their turns come: that of its values. None: the suite's.
            Those that are hidden come after all others.
        seconds: see `judge`.

    Raises:
        CannotJudge: not every one of them reported.
        KeyboardInterrupt: it was interrupted from the keyboard.
    """
    grading = plugin.Grading(where, bench=bench, wanted=wanted, last=last, seconds=seconds)
    code = pytest.main([str(exercise.suite), *OPTIONS], plugins=[plugin, grading])
    if code == pytest.ExitCode.INTERRUPTED and not grading.problems:
        raise KeyboardInterrupt
    tally = grading.record.tally(exercise.slug) or Tally(len(grading.suite), bench.backend.name)
    asked = grading.suite if wanted is None else grading.taken
    if code not in WHOLE or tally.findings.keys() != set(asked):
        raise CannotJudge(
            "\n".join(grading.problems)
            or f"The suite {exercise.suite.name} ended before every criterion had reported."
        )
    return Tried(tuple(grading.suite), tally.findings, tally.times)
