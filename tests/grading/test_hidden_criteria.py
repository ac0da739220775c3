"""What a hidden criterion asks is not to be read in the evidence of those that are visible."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from exercises.grading.catalog import find_exercise
from tests.grading.conftest import Dojo

EXERCISE = find_exercise("06")
SUITE = '''"""A hidden criterion in front of one that is visible, and one behind."""

import pytest

HOW = {"spec": ["A1"], "lesson": "a"}


@pytest.mark.criterion("Shown first", points=20, **HOW)
def test_shown_first(service):
    """Why."""
    assert service.get("/shown-first").status == 404


@pytest.mark.criterion("Kept back", points=40, visible=False, **HOW)
def test_kept_back(service):
    """Why."""
    assert service.get("/kept-back").status == 404


@pytest.mark.criterion("Shown last", points=40, **HOW)
def test_shown_last(service):
    """Why."""
    assert service.get("/shown-last").status == 404
'''
SPY = """
from fastapi import FastAPI

asked = []
genuine = FastAPI.__call__


async def spy(self, scope, receive, send):
    asked.append(scope.get("path"))
    print("asked:", *asked)
    if scope["type"] == "http":
        scope["path"] = "/health"
    await genuine(self, scope, receive, send)


FastAPI.__call__ = spy
"""
Findings = list[dict[str, object]]


@pytest.fixture(scope="module")
def spied_on(project: Path) -> Path:
    """A copy of the project with that suite, and a submission that tells all it was asked."""
    (project / "tests" / "exercises" / EXERCISE.suite.name).write_text(SUITE)
    file = project / "exercises" / EXERCISE.slug / EXERCISE.file_name
    file.write_text(EXERCISE.solution_file.read_text() + SPY)
    return project


@pytest.fixture
def by_dojo(dojo: Dojo) -> Callable[[Path], Findings]:
    def found(_: Path) -> Findings:
        told = dojo("check", "6", "--on", "embedded", "--json")
        findings: Findings = json.loads(told.stdout)["criteria"]
        return findings

    return found


@pytest.fixture
def by_pytest(tmp_path: Path) -> Callable[[Path], Findings]:
    def found(project: Path) -> Findings:
        verdict = tmp_path / "verdict.json"
        options = ["--submission", "exercises", "--on", "embedded", "--verdict", str(verdict)]
        subprocess.run(
            [sys.executable, "-m", "pytest", f"tests/exercises/{EXERCISE.suite.name}", *options],
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(project)},
            capture_output=True,
            timeout=120,
            check=False,
        )
        findings: Findings = json.loads(verdict.read_text())["criteria"]
        return findings

    return found


@pytest.mark.parametrize("how", ["by_dojo", "by_pytest"])
def test_hidden_ones_are_tried_last_and_told_in_their_place(
    how: str, spied_on: Path, request: pytest.FixtureRequest
) -> None:
    findings = request.getfixturevalue(how)(spied_on)
    assert [found["id"] for found in findings] == ["shown_first", "kept_back", "shown_last"]
    first, hidden, last = map(json.dumps, findings)
    assert "/shown-first" in last, "it does remember"
    assert "/kept-back" not in first + last
    assert "/shown-last" in hidden
