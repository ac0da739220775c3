"""The process that judges: `python -m exercises.grading.classroom.worker BENCH FD`.

It opens its bench once, says so, and then answers each entry with one line of JSON. When its
stdin closes, because the grader ended in whatever way, it stops what it does and clears up.
"""

from __future__ import annotations

import base64
import gc
import json
import os
import signal
import sys
import threading
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from exercises.grading.bench import Bench, open_bench
from exercises.grading.catalog import find_exercise
from exercises.grading.classroom.answers import Judged, Problem
from exercises.grading.classroom.suite_version import suite_version
from exercises.grading.judge import LONGEST_SUITE, judge
from exercises.grading.sandbox import SandboxBench, open_sandbox_bench
from exercises.grading.verdict import CannotJudge
from reference_app.running import RunningError, scratch

CLEAR_UP_SECONDS = 30.0
"""After so long without the grader the process ends, cleared up or not; its minders do the rest."""


def main(bench_name: str, descriptor: int) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the grader may have had it ignored
    line = Connection(descriptor)
    threading.Thread(target=_end_with_the_grader, daemon=True).start()
    gc.freeze()  # what is imported stays: the collector need not look at it again
    with suppress(EOFError, OSError, KeyboardInterrupt):
        try:
            with _opened(bench_name) as bench, scratch.private() as folder:
                line.send_bytes(json.dumps({"ready": True}).encode())
                while True:
                    answer = _answer(json.loads(line.recv_bytes()), bench, folder)
                    line.send_bytes(answer.as_line().encode())
        except RunningError as error:
            line.send_bytes(Problem(str(error)).as_line().encode())


def _end_with_the_grader() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGINT)
    threading.Event().wait(CLEAR_UP_SECONDS)
    os._exit(1)


def _opened(name: str) -> AbstractContextManager[Bench]:
    return open_sandbox_bench() if name == "sandbox" else open_bench("embedded")


def _answer(request: dict[str, Any], bench: Bench, folder: Path) -> Judged | Problem:
    """Judges the content of a request as a file, which is always at the same place."""
    exercise = find_exercise(request["exercise"])
    file = folder / exercise.slug / exercise.file_name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(base64.b64decode(request["content"]))
    image: str = bench.backend.name
    try:
        if isinstance(bench, SandboxBench):
            image = bench.image
            bench.admit(request["learner"])
        verdict = judge(exercise, str(file), bench, seconds=LONGEST_SUITE)
    except (CannotJudge, RunningError) as error:
        return Problem(str(error))
    named = f"{request['learner']}/{exercise.slug}"
    return Judged(replace(verdict, submission=named), suite_version(exercise), image)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
