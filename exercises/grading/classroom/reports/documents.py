"""Everything in one document, for machines: JUnit XML and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from exercises.grading.classroom.mark import Mark
from exercises.grading.classroom.reports.rendering import render
from exercises.grading.classroom.reports.roll import Marks, flaw_of
from exercises.grading.classroom.reports.summary import Summary
from exercises.grading.evidence import evidence_of
from exercises.grading.verdict import Finding, Outcome

VERSION = 1
"""Of the JSON document. Fields may be added; one that is taken away or changed makes it 2."""

_NOT_ASCII = re.compile(r"[^\x20-\x7e]")


def junit(marks: Marks, _: Summary) -> Iterator[str]:
    """One test suite for each learner and exercise, one test case for each criterion."""
    return render("junit.xml", marks=marks(), tag_of=_tag, told_by=_told)


def document(marks: Marks, summary: Summary) -> Iterator[str]:
    """One JSON object; each mark stands on a line of its own, so that it can be read bit by bit."""
    yield _json({"format": "backend-dojo.grades", "version": VERSION, **_about(summary)})[:-1]
    yield ', "marks": ['
    separator = "\n"
    for mark in marks():
        yield separator + _json(_mark(mark))
        separator = ",\n"
    yield "\n]}\n"


def _about(summary: Summary) -> dict[str, Any]:
    return {
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "exercises": [
            {"exercise": each.slug, "title": each.title, "max_points": each.max_score}
            for each in summary.exercises.values()
        ],
    }


def _mark(mark: Mark) -> dict[str, Any]:
    return {
        "learner": mark.learner,
        "exercise": mark.exercise,
        "points": mark.points,
        "machine": mark.verdict.score,
        "override": mark.override,
        "penalty": mark.penalty,
        "comments": list(mark.comments),
        "attempt": mark.attempt,
        "graded_at": mark.graded_at.isoformat(),
        "handed_in": mark.handed_in,
        "flaw": flaw_of(mark),
        "suite": mark.suite,
        "image": mark.image,
        "verdict": mark.verdict.as_json(),
    }


def _json(value: object) -> str:
    """JSON that any reader takes, with everything escaped that could act on a screen."""
    return _NOT_ASCII.sub(_escaped, json.dumps(value, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if character.isprintable():
        return character
    half = "\ud800" <= character <= "\udfff"  # of a pair: readers do not agree about one alone
    return json.dumps("\ufffd" if half else character)[1:-1]


def _tag(finding: Finding) -> str:
    return "failure" if finding.outcome is Outcome.FAILED else "error"


def _told(finding: Finding) -> str:
    """The failure as text, as it would stand on a terminal."""
    lines = [finding.message]
    if (evidence := evidence_of(finding)) is not None:
        lines += ["", *(f"→ {line}" for line in evidence.request), ""]
        for row in evidence.rows:
            if row.differs:
                lines += [f"yours:     {row.yours}", f"reference: {row.reference}"]
            else:
                lines.append(f"           {row.yours}")
        for title, seen in evidence.seen:
            lines += ["", f"{title}:", *seen]
    return "\n".join(lines)
