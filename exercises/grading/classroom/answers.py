"""What a worker says of one entry, as a line of JSON: nothing else travels back to the grader."""

from __future__ import annotations

import json
from dataclasses import dataclass

from exercises.grading.verdict import Verdict


@dataclass(frozen=True)
class Judged:
    """A whole verdict, the version of the suite that gave it, and the image it was tried in."""

    verdict: Verdict
    suite: str
    image: str

    def as_line(self) -> str:
        return json.dumps({**vars(self), "verdict": self.verdict.as_json()})


@dataclass(frozen=True)
class Problem:
    """No verdict was reached, and that is not the submission's doing as far as is known."""

    reason: str

    def as_line(self) -> str:
        return json.dumps({"problem": self.reason})


def read_answer(line: str, exercise: str) -> Judged | Problem:
    """What a worker answered about an entry for that exercise. What makes no sense is a problem."""
    try:
        content = json.loads(line)
        if "problem" in content:
            return Problem(str(content["problem"]))
        verdict = Verdict.from_json(content["verdict"])
        judged = Judged(verdict, str(content["suite"]), str(content["image"]))
    except (KeyError, TypeError, ValueError) as error:
        return Problem(f"The worker's answer cannot be read: {error!r}.")
    if verdict.exercise != exercise:
        return Problem(f"The worker answered about {verdict.exercise}, not {exercise}.")
    if verdict.errors:
        return Problem(verdict.errors[0].message)
    if not verdict.findings:
        return Problem("The suite has no criteria.")
    return judged
