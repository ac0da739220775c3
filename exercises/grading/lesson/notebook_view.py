"""Verdicts in a notebook: `check("06")` judges as `dojo check` does and shows it as a page."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from exercises.grading import terminal
from exercises.grading.bench import On
from exercises.grading.catalog import Exercise, find_exercise
from exercises.grading.evidence import Evidence, evidence_of
from exercises.grading.lesson.copies import shown_as
from exercises.grading.lesson.markup import Html, element, joined
from exercises.grading.places import ROOT
from exercises.grading.sections import heading
from exercises.grading.verdict import CannotJudge, Finding, Outcome, Verdict

LONGEST_JUDGING_SECONDS = 120
MARKS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.ERROR: "?"}

# Styles stand on the elements: JupyterLab drops a style sheet from outputs it does not yet trust.
# The two colours can be read on a light and on a dark page.
GREEN, RED, AMBER = "color: #2a9147", "color: #d64541", "color: #b7791f"
COLOURS = {Outcome.PASSED: GREEN, Outcome.FAILED: RED, Outcome.ERROR: AMBER}
TABLE = "width: 100%; font-family: monospace"
CELL = "text-align: left; white-space: pre-wrap; overflow-wrap: anywhere; vertical-align: top"
NARROW = f"{CELL}; width: 2em"


def check(
    exercise: str, *, submission: str | Path = "exercises", on: On = "embedded"
) -> NotebookVerdict:
    """Judges your file from this notebook; the cell shows the verdict.

    Args:
        exercise: number or name, such as `"06"`.
        submission: a `Path` to another file or folder, or one of solutions, starter, reference.
        on: how to run the service.

    Raises:
        UnknownExercise: there is none of that name.
        CannotJudge: no verdict could be reached; the message says why.
    """
    found = find_exercise(exercise)
    where = submission if isinstance(submission, str) else str(submission.resolve())
    judged = subprocess.run(
        [
            *(sys.executable, "-m", "exercises.grading"),
            *("check", found.number, "--json", "--submission", where, "--on", on),
        ],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=LONGEST_JUDGING_SECONDS,
        check=False,
    )
    content = json.loads(judged.stdout or "{}")
    if "criteria" not in content:
        told = content.get("error") or judged.stderr.strip()
        raise CannotJudge(told or "The judge ended without a verdict.")
    verdict = Verdict.from_json(content)
    return NotebookVerdict(replace(verdict, submission=Path(where).name), found)


@dataclass(frozen=True, repr=False)
class NotebookVerdict:
    """A verdict that a notebook shows as HTML and anything else as plain text."""

    verdict: Verdict
    exercise: Exercise

    @property
    def score(self) -> int:
        return self.verdict.score

    @property
    def passed(self) -> bool:
        return self.verdict.passed

    @property
    def failures(self) -> tuple[Finding, ...]:
        return self.verdict.failures

    def __repr__(self) -> str:
        views = [
            terminal.as_text(terminal.finding_view(failure, self.exercise))
            for failure in self.verdict.failures[:1]
        ]
        earned = f"{self.score}/{self.verdict.max_score}"
        head = f"{self.exercise.slug}  {earned}  {self.verdict.submission}"
        return "\n".join([head, *map(_plain_line, self.verdict.findings), *views])

    def _repr_html_(self) -> str:
        return str(_page(self.verdict, self.exercise))


def _page(verdict: Verdict, exercise: Exercise) -> Html:
    colour = GREEN if verdict.passed else RED
    about = f"  {verdict.submission} · {verdict.backend}"
    parts = [
        element(
            "p",
            element("b", f"{exercise.slug}  "),
            element("b", f"{verdict.score}/{verdict.max_score}", style=colour),
            about,
        ),
        element("ul", *map(_line, verdict.findings), style="list-style: none"),
    ]
    if verdict.obstacle is not None:
        return element("div", parts[0], element("pre", verdict.obstacle))
    parts += [_failure(finding, exercise) for finding in verdict.failures[:1]]
    if rest := len(verdict.failures[1:]):
        parts.append(element("p", f"{rest} more not met. One at a time."))
    return element("div", *parts)


def _plain_line(finding: Finding) -> str:
    points = f"{finding.earned}/{finding.criterion.points}"
    return f"{MARKS[finding.outcome]} {points:>5} {finding.criterion.title}"


def _line(finding: Finding) -> Html:
    return element(
        "li",
        element("b", MARKS[finding.outcome], style=COLOURS[finding.outcome]),
        f" {finding.earned}/{finding.criterion.points}  {finding.criterion.title}",
    )


def _failure(finding: Finding, exercise: Exercise) -> Html:
    criterion = finding.criterion
    parts = [
        element("h4", f"✗ {criterion.title}", style=RED),
        *(element("p", line) for line in finding.message.splitlines()),
    ]
    if (evidence := evidence_of(finding)) is not None:
        parts.append(_evidence(evidence))
    if criterion.why:
        parts.append(element("p", element("b", "Why it matters: "), criterion.why))
    lesson = shown_as(exercise.lesson).name
    section = heading(exercise.lesson, criterion.lesson)
    read = element("a", f"{lesson}, “{section}”", href=f"{lesson}#cell-id={criterion.lesson}")
    promise = f" · Promise {', '.join(criterion.spec)}"
    parts.append(element("p", element("b", "Read: "), read, promise))
    hint = element("code", f"dojo hint {exercise.number}")
    parts.append(element("p", element("b", "Next: "), hint))
    return element("section", *parts)


def _evidence(evidence: Evidence) -> Html:
    head = [element("th", title, style=CELL) for title in ("your file", "the reference")]
    rows = [element("tr", element("th", style=NARROW), *head)]
    for row in evidence.rows:
        left, right = (f"{CELL}; {RED}", f"{CELL}; {GREEN}") if row.differs else (CELL, CELL)
        cells = (
            element("td", "≠" if row.differs else "", style=NARROW),
            element("td", row.yours, style=left),
            element("td", row.reference, style=right),
        )
        rows.append(element("tr", *cells))
    return joined(
        element("pre", "\n".join(f"→ {line}" for line in evidence.request)),
        element("table", *rows, style=TABLE),
        *(_seen(title, lines) for title, lines in evidence.seen),
    )


def _seen(title: str, lines: list[str]) -> Html:
    summary = element("summary", f"{title} ({len(lines)})")
    return element("details", summary, element("pre", "\n".join(lines)))
