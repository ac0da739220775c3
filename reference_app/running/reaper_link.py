"""The caller's end of the pipe to a reaper."""

import os
import subprocess
import sys
from pathlib import Path

import reference_app

END_SECONDS = 60.0


class ReaperLink:
    """Starts the process that removes a run's containers once this end of the pipe is closed."""

    def __init__(self, run: str, scratch: Path, lock: int) -> None:
        root = Path(reference_app.__file__).parent.parent
        module = "reference_app.running.reaper"
        with (scratch / "reaper.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, run, scratch, str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=scratch,
                env={**os.environ, "PYTHONPATH": str(root)},
                pass_fds=[lock],
                start_new_session=True,
            )
        os.close(lock)

    def end(self) -> None:
        """Hang up and wait until everything is removed; twice is no error."""
        if self._process.returncode is None:
            self._process.communicate(b".", END_SECONDS)
