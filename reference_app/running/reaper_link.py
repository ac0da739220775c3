"""The caller's end of the pipe to a reaper."""

from pathlib import Path

from reference_app.running import minder

END_SECONDS = 60.0


class ReaperLink:
    """Starts the process that removes a run's containers once this end of the pipe is closed."""

    def __init__(self, run: str, scratch: Path, lock: int) -> None:
        self._process = minder.start("reference_app.running.reaper", scratch, lock, run)

    def end(self) -> None:
        """Hang up and wait until everything is removed; twice is no error."""
        if self._process.returncode is None:
            self._process.communicate(b".", END_SECONDS)
