"""Runs of notebooks in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from exercises.grading.lesson.build import write
from exercises.grading.lesson.source import Notebook
from exercises.grading.places import ROOT

LIMITS = ("--nbval-cell-timeout=60", "--nbval-kernel-startup-timeout=60")
LONGEST_RUN_SECONDS = 300


def nbval(file: Path, mode: str) -> subprocess.CompletedProcess[str]:
    """Runs a notebook under nbval; `mode` is `--nbval` (strict) or `--nbval-lax`."""
    return _python(
        *("-m", "pytest", "-q", "-o", "addopts=", "-p", "no:cacheprovider", f"--rootdir={ROOT}"),
        *(mode, "--nbval-current-env", *LIMITS, str(file)),
        local=file.parent / "local",
    )


def run(notebook: Notebook, file: Path) -> Notebook:
    """Writes the notebook to `file`, runs it with the author's tool and gives what it became."""
    write(notebook, file)
    done = _python("-m", "exercises.grading.lesson.build", str(file), local=file.parent / "local")
    assert done.returncode == 0, done.stdout + done.stderr
    ran: Notebook = json.loads(file.read_text("utf-8"))
    return ran


def _python(*arguments: str, local: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | {"DOJO_LOCAL": str(local)},
        capture_output=True,
        encoding="utf-8",
        timeout=LONGEST_RUN_SECONDS,
        check=False,
    )
