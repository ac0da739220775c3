"""Two graders for one suite: this process, and a second one on a bench of its own.

A suite spends its time waiting for one answer after the other, so two graders that share it need
little more than half of it. The first verdict on an exercise is this process's alone, and tells
how long each criterion takes; from then on both have about as much to do.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter

from exercises.grading.bench import Bench, On, open_bench
from exercises.grading.catalog import Exercise, find_exercise
from exercises.grading.judge import Tried, try_criteria
from exercises.grading.verdict import CannotJudge, Verdict
from reference_app.running import RunningError

END_SECONDS = 20.0


class Pair:
    """Judges like `judge.judge`, sharing the work with a second grader once that is ready."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._times: dict[str, dict[str, float]] = {}
        self._ready = False
        context = get_context("spawn")
        self._line, theirs = context.Pipe()
        self.second = context.Process(
            target=second_grader, args=(theirs, bench.backend.name), daemon=True
        )
        self.second.start()
        theirs.close()

    def judge(self, exercise: Exercise, where: str) -> Verdict:
        """Judges a submission. Raises what `judge.judge` raises."""
        started = perf_counter()
        tried = self._shared(exercise, where) or try_criteria(exercise, where, self._bench)
        seconds = perf_counter() - started
        quickest = self._times.setdefault(exercise.slug, {})
        for name, took in tried.times.items():
            quickest[name] = min(took, quickest.get(name, took))
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
        times = self._times.get(exercise.slug)
        if times is None or not self.second_is_ready():
            return None
        theirs = half(times)
        try:
            self._line.send((exercise.slug, where, theirs))
            try:
                mine = try_criteria(exercise, where, self._bench, lambda name: name not in theirs)
            finally:
                other: Tried | None = self._line.recv()
        except (EOFError, OSError):
            self._ready = False
            return None
        if other is None or other.findings.keys() != theirs:
            return None
        return Tried(mine.suite, {**mine.findings, **other.findings}, {**mine.times, **other.times})


def half(times: Mapping[str, float]) -> frozenset[str]:
    """Names that take about half of the time: the longest first, each to whoever has less."""
    shares: tuple[set[str], set[str]] = (set(), set())
    loads = [0.0, 0.0]
    for name in sorted(times, key=times.__getitem__, reverse=True):
        lighter = loads.index(min(loads))
        shares[lighter].add(name)
        loads[lighter] += times[name]
    return frozenset(shares[1])


def second_grader(first: Connection, on: On) -> None:
    """Says None when its bench is open; then answers each request with what it tried, or None.

    Ends when the first one hangs up or is gone.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first, who then hangs up
    with suppress(EOFError, OSError, RunningError), open_bench(on) as bench:
        first.send(None)
        while True:
            slug, where, names = first.recv()
            first.send(_tried(find_exercise(slug), where, bench, names))


def _tried(exercise: Exercise, where: str, bench: Bench, names: frozenset[str]) -> Tried | None:
    try:
        return try_criteria(exercise, where, bench, names.__contains__)
    except CannotJudge:
        return None
