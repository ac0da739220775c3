"""Two graders for one suite: this process, and a second one on a bench of its own.

A suite spends its time waiting for one answer after the other, so two graders that share it need
little more than half of it. Each takes the next criterion that is left, the longest first.
"""

from __future__ import annotations

import itertools
import math
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from time import perf_counter

from exercises.grading.bench import Bench, On, open_bench
from exercises.grading.catalog import Exercise, find_exercise
from exercises.grading.judge import Tried, try_criteria
from exercises.grading.verdict import CannotJudge, Verdict
from reference_app.running import RunningError

END_SECONDS = 20.0

Times = Mapping[str, float]
"""Seconds that each criterion took, by its id."""


class Pair:
    """Judges like `judge.judge`, sharing the work with a second grader once that is ready."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._times: dict[str, dict[str, float]] = {}
        self._ready = False
        context = get_context("spawn")
        self._taken = context.Value("i", 0)
        self._line, theirs = context.Pipe()
        self.second = context.Process(
            target=second_grader, args=(theirs, self._taken, bench.backend.name), daemon=True
        )
        self.second.start()
        theirs.close()

    def judge(self, exercise: Exercise, where: str) -> Verdict:
        """Judges a submission. Raises what `judge.judge` raises."""
        started = perf_counter()
        tried = self._shared(exercise, where) or try_criteria(exercise, where, self._bench)
        seconds = perf_counter() - started
        self._times[exercise.slug] = dict(tried.times)
        findings = tuple(tried.findings[name] for name in tried.suite)
        return Verdict(exercise.slug, where, self._bench.backend.name, seconds, findings)

    def close(self) -> None:
        """End the second grader and what runs on its bench."""
        self._line.close()
        self.second.join(END_SECONDS)
        self.second.kill()

    def second_is_ready(self) -> bool:
        """Whether the second grader's bench is open."""
        with suppress(EOFError, OSError):
            self._ready = self._ready or (self._line.poll() and self._line.recv() is None)
        return self._ready

    def _shared(self, exercise: Exercise, where: str) -> Tried | None:
        """The work of both; None when the second grader is not there, or did not do its share."""
        if not self.second_is_ready():
            return None
        times = self._times.get(exercise.slug, {})
        self._taken.value = 0
        try:
            self._line.send((exercise.slug, where, times))
            try:
                mine = _share(exercise, where, self._bench, self._taken, times)
            finally:
                other: Tried | None = self._line.recv()
        except (EOFError, OSError):
            self._ready = False
            return None
        if other is None or {*mine.findings, *other.findings} != set(mine.suite):
            return None
        return Tried(mine.suite, {**mine.findings, **other.findings}, {**mine.times, **other.times})


def turns(taken: Synchronized[int]) -> Callable[[str], bool]:
    """Whether the criterion whose turn it is has been left by the other grader.

    Both ask for all of them in the same order; `taken` counts how far they are.
    """
    numbers = itertools.count(1)

    def left(_: str) -> bool:
        number = next(numbers)
        with taken.get_lock():
            if taken.value >= number:
                return False
            taken.value = number
            return True

    return left


def longest_first(times: Times) -> Callable[[str], float]:
    """The order of criteria by the time they took; those that are new come before all.

    Hidden ones come last here too. It would matter little: the two graders' services share nothing.
    """
    return lambda name: -times.get(name, math.inf)


def second_grader(first: Connection, taken: Synchronized[int], on: On) -> None:
    """Says None when its bench is open; then answers each request with what it tried, or None.

    Ends when the first one hangs up or is gone.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first, who then hangs up
    with suppress(EOFError, OSError, RunningError), open_bench(on) as bench:
        first.send(None)
        while True:
            slug, where, times = first.recv()
            try:
                tried = _share(find_exercise(slug), where, bench, taken, times)
            except CannotJudge:
                tried = None
            first.send(tried)


def _share(
    exercise: Exercise, where: str, bench: Bench, taken: Synchronized[int], times: Times
) -> Tried:
    return try_criteria(exercise, where, bench, turns(taken), last=longest_first(times))
