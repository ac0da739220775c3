"""The proof that a suite tells right from wrong: a row for each answer with a known verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from exercises.grading.bench import Bench
from exercises.grading.catalog import Exercise
from exercises.grading.faults import Fault, faults_of
from exercises.grading.judge import judge
from exercises.grading.verdict import MAX_SCORE, Outcome, Verdict

STARTER_RANGE = range(10, 61)
"""A starter runs and earns this much: plausible, and plainly not right."""


@dataclass(frozen=True)
class Proof:
    """One row: what was judged, what had to come out, and what is wrong with what did."""

    exercise: str
    answer: str
    backend: str
    score: int
    seconds: float
    expected: str
    rejected_by: tuple[str, ...]
    objection: str = ""

    @property
    def holds(self) -> bool:
        return not self.objection


def prove_right_answers(exercise: Exercise, bench: Bench) -> Iterator[Proof]:
    """The reference and the solution must get full marks."""
    for where in ("reference", "solutions"):
        verdict = judge(exercise, where, bench)
        missed = ", ".join(found.criterion.id for found in verdict.failures)
        yield _row(verdict, where, "100", f"not met: {missed}" if missed else "")


def prove_wrong_answers(exercise: Exercise, bench: Bench) -> Iterator[Proof]:
    """The starter must fall short, and every fault must be rejected by the criteria it names."""
    starter = judge(exercise, "starter", bench)
    fine = starter.score in STARTER_RANGE and not starter.errors
    yield _row(starter, "starter", "10–60", "" if fine else "out of range or not judged")
    with TemporaryDirectory(prefix="dojo-faults-") as folder:
        for fault in faults_of(exercise):
            yield _prove_fault(fault, exercise, bench, Path(folder))


def _prove_fault(fault: Fault, exercise: Exercise, bench: Bench, folder: Path) -> Proof:
    file = folder / exercise.file_name
    file.write_text(fault.applied_to(exercise.solution_file.read_text("utf-8")), "utf-8")
    verdict = judge(exercise, str(file), bench)
    failed = {f.criterion.id for f in verdict.findings if f.outcome is Outcome.FAILED}
    passed_over = [name for name in fault.rejected_by if name not in failed]
    objection = f"not rejected by {', '.join(passed_over)}" if passed_over else ""
    if verdict.errors:
        objection = f"not judged: {', '.join(f.criterion.id for f in verdict.errors)}"
    return _row(verdict, fault.name, f"< {MAX_SCORE}", objection)


def _row(verdict: Verdict, answer: str, expected: str, objection: str) -> Proof:
    return Proof(
        exercise=verdict.exercise,
        answer=answer,
        backend=verdict.backend,
        score=verdict.score,
        seconds=verdict.seconds,
        expected=expected,
        rejected_by=tuple(found.criterion.id for found in verdict.failures),
        objection=objection,
    )
