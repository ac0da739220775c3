"""What the tests of grading share: `dojo grade` of this project, and a class graded once."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from exercises.grading.places import ROOT
from tests.grading.classroom.small_class import CHOSEN, FIRST, make_class, marks_in

LONGEST_RUN = 300.0
Events = list[dict[str, Any]]


@contextmanager
def grading(
    submissions: Path,
    out: Path,
    *options: str,
    trust: bool = True,
    cwd: Path = ROOT,
    environment: Mapping[str, str] | None = None,
) -> Iterator["subprocess.Popen[str]"]:
    """A running `dojo grade --json`; it is gone afterwards."""
    command = [sys.executable, "-m", "exercises.grading", "grade", str(submissions)]
    with subprocess.Popen(
        [
            *(*command, "--out", str(out), "--exercises", CHOSEN, "--json"),
            *(["--trust"] if trust else []),
            *options,
        ],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(cwd), **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as grader:
        try:
            yield grader
        finally:
            grader.kill()


def workers_of(grader: "subprocess.Popen[str]") -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process(grader.pid).children()
        if "exercises.grading.classroom.worker" in child.cmdline()
    ]


def grade(submissions: Path, out: Path, *options: str, trust: bool = True) -> Events:
    """All events of a run that goes well."""
    with grading(submissions, out, *options, trust=trust) as grader:
        told, noted = grader.communicate(timeout=LONGEST_RUN)
    assert grader.returncode == 0, noted
    return [json.loads(line) for line in told.splitlines()]


class Graded:
    """The small class, what was told while it was graded, and where the gradebook is."""

    def __init__(self, folder: Path) -> None:
        self.submissions = folder / "class"
        self.out = folder / "out"
        make_class(self.submissions)
        self.events = grade(self.submissions, self.out, "--workers", "2")
        self.first_marks = {k: mark for k, mark in marks_in(self.out).items() if k[1] == FIRST.slug}
        """Of the first exercise: it is enough for runs that are about something else."""


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """Read-only for the tests: who changes something works on a copy."""
    return Graded(tmp_path_factory.mktemp("graded"))
