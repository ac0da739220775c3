"""Verdicts as the `results.json` that Gradescope and runners like it read.

The format: gradescope-autograders.readthedocs.io, “Autograder Specifications”. A criterion is a
test. One that is hidden tells its title and outcome, no more; its own kind of hidden is of no use
here, because Gradescope then hides the total as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exercises.grading import terminal
from exercises.grading.catalog import Exercise, find_exercise
from exercises.grading.plain import plain
from exercises.grading.verdict import CannotJudge, Finding, Outcome, Verdict


def results(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The content of `results.json`.

    Raises:
        CannotJudge: a criterion was not judged; that must be repeated, not marked.
    """
    unjudged = [finding.message for verdict in verdicts for finding in verdict.errors]
    if unjudged or not verdicts:
        raise CannotJudge(unjudged[0] if unjudged else "There is no verdict.")
    return {
        "execution_time": round(sum(verdict.seconds for verdict in verdicts), 1),
        "output": "\n".join(map(_told, verdicts)),
        "output_format": "text",
        "test_output_format": "text",
        "stdout_visibility": "hidden",
        "tests": [test for verdict in verdicts for test in _tests(verdict)],
    }


def _told(verdict: Verdict) -> str:
    line = f"{verdict.exercise}  {verdict.score}/{verdict.max_score}"
    return f"{line}\n{plain(verdict.obstacle)}" if verdict.obstacle else line


def _tests(verdict: Verdict) -> list[dict[str, Any]]:
    exercise = find_exercise(verdict.exercise)
    return [
        {
            "number": f"{int(exercise.number)}.{place}",
            "name": finding.criterion.title,
            "score": finding.earned,
            "max_score": finding.criterion.points,
            "status": "passed" if finding.outcome is Outcome.PASSED else "failed",
            "output": _output(finding, exercise),
            "tags": list(finding.criterion.spec),
            "visibility": "visible",
        }
        for place, finding in enumerate(verdict.findings, start=1)
    ]


def _output(finding: Finding, exercise: Exercise) -> str:
    if finding.outcome is Outcome.PASSED or not finding.criterion.visible:
        return ""
    return plain(terminal.as_text(terminal.finding_view(finding, exercise)))
