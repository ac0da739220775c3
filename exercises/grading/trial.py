"""One criterion tried on the submission and, when it fails, on the reference too."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
import pytest
from _pytest.runner import runtestprotocol

from exercises.grading.bench import DoesNotRun
from exercises.grading.exchange import Exchange, Transcript, transcript
from exercises.grading.explanation import explain
from exercises.grading.subject import Subject
from exercises.grading.verdict import Criterion, Finding, Outcome
from reference_app.running import ProcessFailed, RunningError

MOST_LOG_LINES = 12
ERROR = pytest.StashKey[BaseException | None]()
SUBJECT = pytest.StashKey[Subject | None]()


@dataclass
class Run:
    """What one run of a test gave: pytest's reports, the error if any, and the service used."""

    reports: list[pytest.TestReport]
    error: BaseException | None
    subject: Subject | None

    @property
    def passed(self) -> bool:
        return all(report.passed for report in self.reports)

    @property
    def seconds(self) -> float:
        """What set-up, test and teardown took together."""
        return sum(report.duration for report in self.reports)


def run_once(item: pytest.Item, nextitem: pytest.Item | None) -> Run:
    """Runs set-up, test and teardown once, unlogged; keeps its error and the service used."""
    item.stash[ERROR] = item.stash[SUBJECT] = None
    if isinstance(item, pytest.Function):
        item._initrequest()
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    return Run(reports, item.stash[ERROR], item.stash[SUBJECT])


def finding(criterion: Criterion, yours: Run, reference: Run | None) -> Finding:
    """The finding on one criterion.

    Args:
        criterion: what was tried.
        yours: the run on the submission.
        reference: the run on the reference; None when the submission passed, never ran, or is
            the reference itself.
    """
    if yours.passed:
        return Finding(criterion, Outcome.PASSED)
    message = explain(yours.error) if yours.error else "The criterion did not run to its end."
    if reference is not None and not reference.passed:
        cause = explain(reference.error) if reference.error else "it did not run to its end"
        return Finding(
            criterion,
            Outcome.ERROR,
            f"Not judged: on this machine the reference did not meet it either ({cause}) "
            "Run it again; if it stays so, this is a fault of the suite.",
        )
    broken = _focus(yours.subject)
    match = _counterpart(broken, yours.subject, reference.subject if reference else None)
    return Finding(
        criterion,
        Outcome.FAILED,
        message,
        yours=_evidence(yours.subject, broken),
        reference=_reference_evidence(reference, match),
    )


def never_ran(run: Run) -> bool:
    return isinstance(run.error, DoesNotRun)


def machine_failed(run: Run) -> bool:
    """Whether it ended for want of a container or a server; processes fail by their own doing."""
    return isinstance(run.error, RunningError) and not isinstance(run.error, ProcessFailed)


def _focus(subject: Subject | None) -> Exchange | None:
    if subject is None or not subject.exchanges:
        return None
    return (subject.looked_at or subject.exchanges)[-1]


def _counterpart(
    broken: Exchange | None, yours: Subject | None, reference: Subject | None
) -> Exchange | None:
    """The reference's exchange at the same place in the same sequence of requests.

    Of those that the suite looked at, if it did; concurrent requests have no order of their own.
    """
    if broken is None or yours is None or reference is None:
        return None
    ours, theirs = yours.exchanges, reference.exchanges
    if yours.looked_at:
        ours, theirs = yours.looked_at, reference.looked_at
    index = next(i for i, exchange in enumerate(ours) if exchange is broken)
    return theirs[index] if index < len(theirs) else None


def _evidence(
    subject: Subject | None, exchange: Exchange | None, *, with_sql: bool = True
) -> Transcript | None:
    if subject is None or exchange is None:
        return None
    logs = subject.log_lines(exchange.request_id) + _printed(subject.log_lines())
    statements = _statements(subject) if with_sql else []
    return transcript(exchange, logs[-MOST_LOG_LINES:], statements)


def _statements(subject: Subject) -> list[str]:
    """None where the database is stopped, or was made unusable by what the service did to it."""
    if not subject.database_server.running:
        return []
    try:
        return subject.ran()
    except psycopg.Error:
        return []


def _reference_evidence(reference: Run | None, match: Exchange | None) -> Transcript | None:
    """With its SQL only where the criterion is about SQL; elsewhere that would be the answer."""
    if reference is None or reference.subject is None:
        return None
    return _evidence(reference.subject, match, with_sql=reference.subject.asked_for_statements)


def _printed(lines: list[str]) -> list[str]:
    """What the file printed: lines of the log that are no events."""
    return [f"printed: {line}" for line in lines if line.strip() and not line.startswith("{")]
