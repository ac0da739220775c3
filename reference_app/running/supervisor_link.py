"""The caller's end of the pipe to a supervisor."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, cast

import reference_app
from reference_app.running.errors import BackendUnavailable

END_SECONDS = 10.0


class SupervisorLink:
    """Starts a supervisor and asks it things; from any thread, one question at a time."""

    def __init__(self, scratch: Path, lock: int) -> None:
        root = Path(reference_app.__file__).parent.parent
        self._process = subprocess.Popen(
            [sys.executable, "-m", "reference_app.running.supervisor", scratch, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=scratch,
            env={**os.environ, "PYTHONPATH": str(root)},
            pass_fds=[lock],
            start_new_session=True,
        )
        os.close(lock)
        self._commands = cast(IO[bytes], self._process.stdin)
        self._answers = cast(IO[bytes], self._process.stdout)
        self._count = 0
        # Messages pass in a thread of their own: Ctrl-C interrupts the main thread only, and so
        # cannot cut one in half.
        self._messenger = ThreadPoolExecutor(1, thread_name_prefix="supervisor-link")

    def ask(self, do: str, **details: Any) -> dict[str, Any]:
        """Send one command, answer the answer. Raises BackendUnavailable when it failed."""
        try:
            answer = self._messenger.submit(self._exchange, {"do": do, **details}).result()
        except (OSError, ValueError, RuntimeError) as error:
            raise BackendUnavailable("the embedded servers have ended") from error
        if "error" in answer:
            raise BackendUnavailable(f"{do} {details.get('name', '')} failed: {answer['error']}")
        return answer

    def end(self) -> None:
        """Hang up: the supervisor ends all it started. Waits until it has; twice is no error."""
        if self._process.returncode is not None:
            return
        self._messenger.shutdown()
        self._commands.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()

    def _exchange(self, command: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        self._commands.write(json.dumps({"id": self._count, **command}).encode() + b"\n")
        self._commands.flush()
        answer: dict[str, Any] = json.loads(self._answers.readline())
        return answer
