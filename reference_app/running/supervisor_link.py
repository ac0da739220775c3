"""The caller's end of the pipe to a supervisor."""

import contextlib
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, cast

from reference_app.running import minder
from reference_app.running.errors import BackendUnavailable

END_SECONDS = 20.0


class SupervisorLink:
    """Starts a supervisor and asks it things; from any thread, one question at a time."""

    def __init__(self, scratch: Path, lock: int) -> None:
        self._log = scratch / minder.LOG
        self._process = minder.start("reference_app.running.supervisor", scratch, lock)
        self._commands = cast(IO[bytes], self._process.stdin)
        self._answers = cast(IO[bytes], self._process.stdout)
        # Messages pass in a thread of their own: Ctrl-C interrupts the main thread only, and so
        # cannot cut one in half.
        self._messenger = ThreadPoolExecutor(1, thread_name_prefix="supervisor-link")

    def ask(self, do: str, **details: Any) -> dict[str, Any]:
        """Send one command, answer the answer. Raises BackendUnavailable when it failed."""
        try:
            answer = self._messenger.submit(self._exchange, {"do": do, **details}).result()
        except (OSError, ValueError, RuntimeError) as error:
            told = self._log.read_text() if self._log.exists() else ""
            raise BackendUnavailable(f"The embedded servers have ended. {told}") from error
        if "error" in answer:
            raise BackendUnavailable(f"{do} {details.get('name', '')} failed: {answer['error']}")
        return answer

    def end(self) -> None:
        """Hang up: the supervisor ends all it started. Waits until it has; twice is no error."""
        if self._process.returncode is not None:
            return
        self._messenger.shutdown()
        with contextlib.suppress(OSError):
            self._commands.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()

    def _exchange(self, command: dict[str, Any]) -> dict[str, Any]:
        self._commands.write(json.dumps(command).encode() + b"\n")
        self._commands.flush()
        answer: dict[str, Any] = json.loads(self._answers.readline())
        return answer
