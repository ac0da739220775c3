"""The proof that a suite tells right from wrong: a row for each answer with a known verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from exercises.grading.bench import Bench
from exercises.grading.catalog import Exercise
from exercises.grading.faults import Fault
from exercises.grading.judge import judge, try_criteria
from exercises.grading.verdict import MAX_SCORE, Finding, Outcome, Verdict

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


def prove_starter(exercise: Exercise, bench: Bench) -> Proof:
    """The starter must fall short, and run."""
    starter = judge(exercise, "starter", bench)
    fine = starter.score in STARTER_RANGE and not starter.errors
    return _row(starter, "starter", "10–60", "" if fine else "out of range or not judged")


def prove_fault(fault: Fault, exercise: Exercise, bench: Bench) -> Proof:
    """A fault must be rejected by the criteria it names."""
    with faulty(fault, exercise) as file:
        verdict = judge(exercise, str(file), bench)
    return _row(verdict, fault.name, f"< {MAX_SCORE}", _objection(fault, verdict.findings))


def objection_to(fault: Fault, exercise: Exercise, bench: Bench) -> str:
    """The same without the row, and with a third of the work: no other criteria are tried."""
    with faulty(fault, exercise) as file:
        tried = try_criteria(exercise, str(file), bench, fault.rejected_by.__contains__)
    return _objection(fault, tried.findings.values())


@contextmanager
def faulty(fault: Fault, exercise: Exercise) -> Iterator[Path]:
    """The file of the solution with a fault in it."""
    with TemporaryDirectory(prefix="dojo-faults-") as folder:
        file = Path(folder, exercise.file_name)
        file.write_text(fault.applied_to(exercise.solution_file.read_text("utf-8")), "utf-8")
        yield file


def _objection(fault: Fault, findings: Iterable[Finding]) -> str:
    outcomes = {found.criterion.id: found.outcome for found in findings}
    if errors := [name for name, outcome in outcomes.items() if outcome is Outcome.ERROR]:
        return f"not judged: {', '.join(errors)}"
    passed_over = [n for n in fault.rejected_by if outcomes.get(n) is not Outcome.FAILED]
    return f"not rejected by {', '.join(passed_over)}" if passed_over else ""


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
