"""Findings on their way from single tests to whole verdicts, also across xdist workers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from exercises.grading.verdict import Finding, Verdict

PROPERTY = "finding"


@dataclass
class Tally:
    """The findings on one exercise so far; `expected` is the number of criteria of its suite."""

    expected: int
    backend: str
    findings: dict[str, Finding] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)
    """Seconds that each criterion took."""
    places: dict[str, int] = field(default_factory=dict)
    """Where each criterion stands in the suite; they are tried in another order."""

    @property
    def whole(self) -> bool:
        return len(self.findings) == self.expected

    @property
    def in_order(self) -> tuple[Finding, ...]:
        """The findings in the order of the suite."""
        names = sorted(self.findings, key=self.places.__getitem__)
        return tuple(self.findings[name] for name in names)


class Record:
    """Collects findings from test reports. A verdict is given only once it is whole."""

    def __init__(self) -> None:
        self._tallies: dict[str, Tally] = {}

    @staticmethod
    def attach(
        report: pytest.TestReport,
        finding: Finding,
        *,
        exercise: str,
        place: int,
        expected: int,
        backend: str,
        seconds: float,
    ) -> None:
        """Puts a finding on a report, in a form that survives the way between processes."""
        content = {
            "exercise": exercise,
            "place": place,
            "expected": expected,
            "backend": backend,
            "seconds": seconds,
            "finding": finding.as_json(),
        }
        report.user_properties.append((PROPERTY, json.dumps(content)))

    def note(self, report: pytest.TestReport) -> None:
        """Takes up the finding of a report, if it carries one."""
        for name, value in report.user_properties:
            if name == PROPERTY and isinstance(value, str):
                content = json.loads(value)
                tally = self._tallies.setdefault(
                    content["exercise"], Tally(content["expected"], content["backend"])
                )
                found = Finding.from_json(content["finding"])
                tally.findings[found.criterion.id] = found
                tally.times[found.criterion.id] = content["seconds"]
                tally.places[found.criterion.id] = content["place"]

    def tally(self, exercise: str) -> Tally | None:
        """The findings on one exercise so far; None while there are none."""
        return self._tallies.get(exercise)

    def verdicts(self, submission: str) -> list[Verdict]:
        """The verdicts that are whole, in the order of the exercises."""
        return [
            Verdict(
                slug,
                submission,
                tally.backend,
                sum(tally.times.values()),
                tally.in_order,
            )
            for slug, tally in sorted(self._tallies.items())
            if tally.whole
        ]
