"""Entries and verdicts of no submission, for what only keeps or shows them."""

from exercises.grading.classroom.entry import Entry
from exercises.grading.verdict import Criterion, Finding, Outcome, Verdict


def entry(learner: str = "ada", exercise: str = "06_queries", content: str = "first try") -> Entry:
    return Entry(learner, exercise, content.encode())


def verdict(points: int, exercise: str = "06_queries", *, outcome: str = "failed") -> Verdict:
    """One criterion worth `points` is met, the other one has that outcome."""
    met = Criterion("met", "Met", points, ("A1",), "model", "Somebody would be locked out.")
    missed = Criterion("missed", "Missed", 100 - points, ("A1",), "model", "")
    findings = (Finding(met, Outcome.PASSED), Finding(missed, Outcome(outcome), "“No” — ✗"))
    return Verdict(exercise, "ada/06_queries", "embedded", 0.5, findings)
