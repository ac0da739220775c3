"""Verdicts on real answers, recorded once, for what only keeps or shows them.

After a change of what verdicts hold: `python -m tests.grading.classroom.recorded` judges them
anew, on embedded, and writes them down; read the difference before it is committed.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from exercises.grading.catalog import Exercise, find_exercise
from exercises.grading.classroom.entry import Entry
from exercises.grading.classroom.mark import Mark
from exercises.grading.faults import faults_of
from exercises.grading.verdict import Verdict

FOLDER = Path(__file__).with_name("verdicts")

ANSWERS = {
    "right": ("16", "solutions"),
    "starter": ("16", "starter"),
    "statements": ("06", "fault whole-history-sliced"),
    "forgeable": ("10", "fault accepts-none"),
    "broken": ("10", "import tokens_of_tomorrow\n"),
    "nothing": ("06", ""),
}
"""Exercise and answer: one of the project's own, a fault, the text of a file, or no file."""


@cache
def verdict(name: str) -> Verdict:
    """The recorded verdict on one of `ANSWERS`."""
    return Verdict.from_json(json.loads((FOLDER / f"{name}.json").read_text("utf-8")))


def mark(learner: str, name: str, **changed: Any) -> Mark:
    """A mark with a recorded verdict; `changed` are fields that are to be otherwise."""
    judged: Verdict = changed.pop("verdict", None) or verdict(name)
    content = None if name == "nothing" else name.encode()
    entry = Entry(learner, judged.exercise, content, judged.obstacle)
    made = Mark(
        learner,
        judged.exercise,
        attempt=1,
        verdict=judged,
        handed_in=entry.digest,
        suite=sha256(b"suite").hexdigest(),
        image="embedded",
        graded_at=datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
    )
    return replace(made, **changed)


def hostile(text: str, *, name: str = "forgeable") -> Verdict:
    """A recorded verdict in which everything that a submission can bring about is `text`."""
    lines = [text, f"x{text}"]

    def spoilt(evidence: Any) -> Any:
        return evidence and replace(
            evidence, request=lines, response=lines, logs=lines, statements=lines
        )

    recorded = verdict(name)
    findings = tuple(
        replace(each, message=text, yours=spoilt(each.yours)) if each.yours else each
        for each in recorded.findings
    )
    return replace(recorded, submission=text, findings=findings)


def _record() -> None:
    from exercises.grading.bench import open_bench
    from exercises.grading.judge import judge

    FOLDER.mkdir(exist_ok=True)
    with open_bench("embedded") as bench, TemporaryDirectory() as folder:
        for name, (number, answer) in ANSWERS.items():
            exercise = find_exercise(number)
            where = _where(exercise, answer, Path(folder, name, exercise.file_name))
            judged = judge(exercise, where, bench)
            content = replace(judged, submission=name, seconds=round(judged.seconds, 1)).as_json()
            text = json.dumps(content, indent=1, ensure_ascii=False).replace(folder, "/class")
            (FOLDER / f"{name}.json").write_text(f"{text}\n", "utf-8")


def _where(exercise: Exercise, answer: str, file: Path) -> str:
    file.parent.mkdir()
    if answer in ("solutions", "starter"):
        return answer
    if answer.startswith("fault "):
        [fault] = [each for each in faults_of(exercise) if f"fault {each.name}" == answer]
        answer = fault.applied_to(exercise.solution_file.read_text("utf-8"))
    if answer:
        file.write_text(answer, "utf-8")
    return str(file)


if __name__ == "__main__":
    _record()
