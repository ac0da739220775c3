"""One run of the service's command line, as a part that ends by itself."""

import contextlib
from collections.abc import Callable, Mapping

import psycopg

from reference_app.running import log
from reference_app.running.backend import Command
from reference_app.running.part import ControlledPart, exit_code_when_ended
from reference_app.running.service import ServiceProcess, Stores

CHAINED_TRACEBACKS = 200
"""Lines: an error of the driver, of SQLAlchemy, and where in the caller's file they come from."""


class RunningCommand(ControlledPart, Command):
    """See `backend.Command`; the parameters are those of `RunningService`."""

    _process: ServiceProcess

    def __init__(
        self,
        process: ServiceProcess,
        *,
        stores: Stores,
        shown: Mapping[str, str],
        discard: Callable[[], None],
    ) -> None:
        super().__init__("command", process, await_ready=lambda: None)
        self._shown = shown
        self._stores = stores
        self._discard = discard
        self._closed = False

    def wait(self) -> int | None:
        return exit_code_when_ended(self._process)

    def logs(self) -> list[str]:
        return log.lines(self._process.log, self._shown)

    def log_tail(self) -> list[str]:
        """The end of it, for a message."""
        return log.tail(self._process.log, self._shown, CHAINED_TRACEBACKS)

    def close(self) -> None:
        with self._control:
            if self._closed:
                return
            self._closed = True
            self.kill()
            self._discard()
            with contextlib.suppress(psycopg.Error):
                self._stores.release()
