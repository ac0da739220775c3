"""What can go wrong when the service is run. Every message is fit to be shown to a person."""


class RunningError(Exception):
    """Base of the errors raised by `reference_app.running`."""


class BackendUnavailable(RunningError):
    """The servers cannot be started here; the message says what to do about it."""


class NoEngine(BackendUnavailable):
    """There is no container engine here: nothing answers where one would."""


class ProcessFailed(RunningError):
    """A process of the service did not do what it was started for.

    `reason` says so in one sentence, `exit_code` is its exit status (minus the signal's number
    when a signal ended it; None when it was still running), `log_tail` its last lines of output.
    """

    def __init__(self, reason: str, exit_code: int | None, log_tail: list[str]) -> None:
        super().__init__("\n".join([reason, *(f"  {line}" for line in log_tail)]))
        self.reason = reason
        self.exit_code = exit_code
        self.log_tail = log_tail


class ServiceDidNotStart(ProcessFailed):
    """The service exited, hung while it was imported, or never became ready."""


class MigrationFailed(ProcessFailed):
    """The migrations, with what was put in their place, ended with an error or not at all."""
