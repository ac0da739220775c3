"""What the tests of the engine share: a copy of the project, and `dojo` run in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from exercises.grading.places import ROOT

Dojo = Callable[..., subprocess.CompletedProcess[str]]

NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".dojo", "__pycache__", ".*_cache", "*.ipynb", "*.backup-*"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project that a test may change; the files to be judged are the starters."""
    copy = tmp_path_factory.mktemp("copy") / "project"
    shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
    for starter in copy.glob("exercises/*/.starter/*.py"):
        shutil.copyfile(starter, starter.parents[1] / starter.name)
    return copy


@pytest.fixture(scope="module")
def dojo(project: Path) -> Dojo:
    """Runs `dojo` in the copy, without a terminal, and gives exit code, output and notes."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "exercises.grading", *arguments],
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(project), "COLUMNS": "80", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run
