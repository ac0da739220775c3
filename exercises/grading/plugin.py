"""The pytest plugin: `pytest tests/exercises --submission PATH --on embedded --verdict FILE`.

Every test with a `criterion` marker is run on the submission; when it fails there, it is run again
on the reference, so that the verdict can show both answers to the same request.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from exercises.grading import criteria, terminal
from exercises.grading.bench import Bench, On
from exercises.grading.catalog import Exercise
from exercises.grading.patience import NotTried, Patience
from exercises.grading.people import People
from exercises.grading.record import Record
from exercises.grading.requests import NoAnswer
from exercises.grading.subject import Subject
from exercises.grading.submission import resolve
from exercises.grading.trial import (
    ERROR,
    SUBJECT,
    Run,
    finding,
    machine_failed,
    never_ran,
    run_once,
)
from exercises.grading.verdict import Finding
from reference_app.running import RunningError, start


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("backend-dojo", "Backend Dojo")
    group.addoption(
        "--submission",
        default="reference",
        metavar="PATH",
        help="what to judge: a file, an exercise folder, a folder of exercise folders, or one of "
        "exercises, solutions, starter, reference (default)",
    )
    group.addoption(
        "--on",
        choices=("auto", "embedded", "containers"),
        default="auto",
        help="how to run the service (default: auto)",
    )
    group.addoption("--verdict", metavar="FILE", help="write the verdicts there as JSON lines")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", criteria.MARKER)
    if not any(isinstance(plugin, Grading) for plugin in config.pluginmanager.get_plugins()):
        config.pluginmanager.register(
            Grading(config.getoption("--submission"), on=config.getoption("--on"))
        )


class Grading:
    """Judges what is collected: on the `bench` it is given, or on one that it opens when needed.

    With `wanted`, only criteria whose id it approves when their turn comes are tried, and `last`
    tells in which order: that of its values, hidden ones after all others. With `seconds`, those
    that the submission has no time left for are not; the reference's time does not count.
    """

    def __init__(
        self,
        submission: str,
        *,
        bench: Bench | None = None,
        on: On = "auto",
        wanted: Callable[[str], bool] | None = None,
        last: Callable[[str], float] | None = None,
        seconds: float | None = None,
    ) -> None:
        self._where = submission
        self._wanted = wanted
        self._last = last
        self._on = on
        self._given = bench
        self._own: Bench | None = None
        self._on_reference = False
        self._patience = Patience(seconds)
        self._expected: Counter[str] = Counter()
        self.suite: list[str] = []
        self.taken: list[str] = []
        self.record = Record()
        self.problems: list[str] = []

    @pytest.fixture
    def service(self, request: pytest.FixtureRequest) -> Subject:
        """The service under test, in a clean state: with the submission, or the reference."""
        exercise = criteria.exercise_of(request.node)
        subject = self._subject(exercise)
        subject.reset()
        request.node.stash[SUBJECT] = subject
        return subject

    @pytest.fixture
    def people(self, service: Subject) -> People:
        """Makes users of the service who are logged in."""
        return People(service)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        if not criteria.is_criterion(item):
            return None
        name = criteria.id_of(item)
        if self._wanted is not None and not self._wanted(name):
            return True
        self.taken.append(name)
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        run, found = self._judge(item, nextitem)
        for report in self._reports(item, run, found):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Iterator[None]:
        if call.excinfo is not None and item.stash.get(ERROR, None) is None:
            item.stash[ERROR] = call.excinfo.value
        return (yield)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problems.append(str(report.longrepr))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        self.suite = [criteria.id_of(item) for item in items if criteria.is_criterion(item)]
        criteria.take_turns(items, self._last)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        found = filter(criteria.is_criterion, session.items)
        self._expected = Counter(criteria.exercise_of(item).slug for item in found)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.record.note(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        target = session.config.getoption("--verdict", None)
        if target and not hasattr(session.config, "workerinput"):
            lines = [json.dumps(v.as_json()) for v in self.record.verdicts(self._where)]
            Path(target).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def pytest_unconfigure(self) -> None:
        if self._own is not None:
            self._own.clear()
            self._own.backend.close()
            self._own = None

    def _judge(self, item: pytest.Item, nextitem: pytest.Item | None) -> tuple[Run, Finding]:
        criterion = criteria.criterion_of(item)
        yours = self._try(item, nextitem)
        if isinstance(yours.error, NoAnswer) and not self._patience.hung:
            yours = self._try(item, nextitem)  # once may be the machine's doing
        self._patience.note(yours.error)
        reference = None
        if not (yours.passed or never_ran(yours) or self._where == "reference"):
            reference = self._run(item, nextitem, on_reference=True)
            if not reference.passed:  # the machine was busy: that is no verdict on either
                yours = self._try(item, nextitem)
                if not yours.passed:
                    reference = self._run(item, nextitem, on_reference=True)
        return yours, finding(criterion, yours, reference)

    def _try(self, item: pytest.Item, nextitem: pytest.Item | None) -> Run:
        """Tries it on the submission; once more where it fails and a server had fallen."""
        run = self._run(item, nextitem)
        if not (run.passed or isinstance(run.error, NotTried) or self._servers_stood()):
            run = self._run(item, nextitem)
        return run

    def _reports(self, item: pytest.Item, run: Run, found: Finding) -> list[pytest.TestReport]:
        """The reports of a run, with the finding attached and told in place of a traceback."""
        exercise = criteria.exercise_of(item)
        bearer = next((r for r in run.reports if r.failed), run.reports[-1])
        if not run.passed:
            bearer.longrepr = terminal.as_text(terminal.finding_view(found, exercise))
        Record.attach(
            bearer,
            found,
            exercise=exercise.slug,
            place=item.stash[criteria.PLACE],
            expected=self._expected[exercise.slug],
            backend=self._bench().backend.name,
            seconds=run.seconds,
        )
        return run.reports

    def _run(
        self, item: pytest.Item, nextitem: pytest.Item | None, *, on_reference: bool = False
    ) -> Run:
        self._on_reference = on_reference
        try:
            run = run_once(item, nextitem)
        finally:
            self._on_reference = False
        if not on_reference:
            self._patience.spend(run.seconds)
            if machine_failed(run):
                self._end(run.error)
        return run

    def _subject(self, exercise: Exercise) -> Subject:
        if self._on_reference:
            subject = self._bench().reference(exercise)
            subject.ends = math.inf
            return subject
        ends = self._patience.ends()
        subject = self._bench().submission(exercise, resolve(exercise, self._where))
        subject.ends = ends
        return subject

    def _servers_stood(self) -> bool:
        """Whether no server has fallen; the run ends here where they are gone."""
        try:
            return self._bench().must_answer()
        except RunningError as error:
            self._end(error)

    def _end(self, error: BaseException | None) -> NoReturn:
        """Ends the run: what went wrong is no submission's fault."""
        self.problems.append(str(error))
        pytest.exit(str(error))

    def _bench(self) -> Bench:
        if self._given is not None:
            return self._given
        if self._own is None:
            self._own = Bench(start(self._on))
        return self._own
