"""`dojo watch` on a real terminal: a verdict after every save, keys, a clean end."""

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from exercises.grading.catalog import find_exercise
from exercises.grading.places import ROOT

QUERIES = find_exercise("06")
PATIENCE = 60.0


class Terminal:
    """A terminal with `dojo watch` in it."""

    def __init__(self, project: Path) -> None:
        self._screen, inside = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "exercises.grading", "watch", "6", "--on", "embedded"],
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(project), "TERM": "xterm", "COLUMNS": "80"},
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)

    def press(self, key: str) -> None:
        os.write(self._screen, key.encode())

    def read_until(self, wanted: str) -> str:
        seen = ""
        deadline = monotonic() + PATIENCE
        while wanted not in seen:
            ready = select.select([self._screen], [], [], max(0.0, deadline - monotonic()))[0]
            assert ready, f"“{wanted}” did not appear; the screen ends with:\n{seen[-1500:]}"
            seen += os.read(self._screen, 65536).decode(errors="replace")
        return seen

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._screen)


@pytest.fixture
def terminal(project: Path) -> Iterator[Terminal]:
    terminal = Terminal(project)
    yield terminal
    terminal.close()


def test_a_save_is_judged_and_keys_work(terminal: Terminal, project: Path) -> None:
    file = project / QUERIES.learner_file.relative_to(ROOT)
    terminal.read_until("q quit")
    terminal.press("h")
    terminal.read_until("Hint 1")
    terminal.press("d")
    terminal.read_until("the reference")
    terminal.press("n")
    terminal.read_until("Not yet")
    shutil.copyfile(project / QUERIES.solution_file.relative_to(ROOT), file)
    terminal.read_until("100/100")
    replacement = file.with_suffix(".new")
    replacement.write_text("this is no Python\n", "utf-8")
    replacement.replace(file)  # how many editors save
    terminal.read_until("0/100")
    terminal.press("q")
    assert terminal.process.wait(timeout=PATIENCE) == 0


def test_ctrl_c_ends_it_cleanly(terminal: Terminal) -> None:
    terminal.read_until("q quit")
    os.killpg(terminal.process.pid, signal.SIGINT)
    assert terminal.process.wait(timeout=PATIENCE) == 130
