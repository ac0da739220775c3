"""The other end of a worker process: asks it, watches it, and knows when it is lost."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Pipe
from tempfile import TemporaryFile
from typing import Literal

from exercises.grading.classroom.entry import Entry
from exercises.grading.places import ROOT

BenchName = Literal["embedded", "sandbox"]

OPEN_SECONDS = 120.0
JUDGE_SECONDS = 240.0
"""A verdict takes a second or two, `LONGEST_SUITE` and what the reference takes at the worst; more
only if something is wrong with the worker."""

END_SECONDS = 30.0
LONGEST_ANSWER = 64 * 2**20
LAST_WORDS = 500
"""Of what a lost worker wrote, so many bytes at most are shown: the last line."""


class WorkerLost(RuntimeError):
    """A worker died, hung, or could not open its bench; the message says what is known."""


class Worker:
    """One process that judges, with a bench of its own."""

    def __init__(self, bench: BenchName) -> None:
        """Starts it; `await_bench` before it is asked anything."""
        self._log = TemporaryFile()  # noqa: SIM115 - it lives as long as the worker
        self._line, theirs = Pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __package__ + ".worker", bench, str(theirs.fileno())],
            cwd=ROOT,
            stdin=subprocess.PIPE,  # closes when this process ends, however it ends
            stdout=self._log,
            stderr=subprocess.STDOUT,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # Ctrl-C is for the grader, which then closes the worker
        )
        theirs.close()

    def await_bench(self) -> None:
        """Waits until its bench is open.

        Raises:
            WorkerLost: it is not to be had, and the worker is gone.
        """
        ready = json.loads(self._hear(OPEN_SECONDS))
        if "problem" in ready:
            self.close()
            raise WorkerLost(ready["problem"])

    def judge(self, entry: Entry) -> str:
        """The worker's answer, one line of JSON.

        Raises:
            WorkerLost: there was none, and the worker is gone.
        """
        assert entry.content is not None
        request = {
            "learner": entry.learner,
            "exercise": entry.exercise,
            "content": base64.b64encode(entry.content).decode(),
        }
        with suppress(OSError):  # it is gone, and `_hear` says so
            self._line.send_bytes(json.dumps(request).encode())
        return self._hear(JUDGE_SECONDS)

    def close(self) -> None:
        """Has it clear up and end; twice is no error."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._line.close()
        self._log.close()

    def hang_up(self) -> None:
        """Whoever waits for an answer gets none; the process begins to end. Safe in any thread."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def _hear(self, seconds: float) -> str:
        try:
            if self._line.poll(seconds):
                return self._line.recv_bytes(LONGEST_ANSWER).decode()
            lost = f"The worker gave no answer within {seconds:.0f} s and was ended."
            self._process.kill()
        except (EOFError, OSError):
            lost = "The worker process died."
        said = self._last_words()
        self.close()
        raise WorkerLost(f"{lost} {said}".strip())

    def _last_words(self) -> str:
        self._log.seek(0)
        said = self._log.read().decode(errors="replace").strip()
        return said.rpartition("\n")[2][-LAST_WORDS:]
