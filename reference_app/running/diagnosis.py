"""Why a process did not do its work, in one sentence for the person whose file was in it."""

import re
import signal
from collections.abc import Collection

from reference_app.running.service_process import LOG_BYTES

RUNNING_TOP_LEVEL = re.compile(r'^  File "(?P<file>[^"]+)", line (?P<line>\d+) in <module>$')

SIGNALS = frozenset(signal.Signals)


def exited(exit_code: int | None, log_size: int) -> str:
    """The sentence for a process that ended by itself before it answered."""
    if log_size >= LOG_BYTES:
        return f"It wrote more than {LOG_BYTES // 1024**2} MiB of output and was ended."
    if exit_code == 0:
        return "It ended at once without an error, as if its work were done."
    return f"It {ended(exit_code)} while it started."


def not_finished(exit_code: int | None) -> str:
    """The sentence for migrations that ended with an error, or have not ended."""
    if exit_code is None:
        return "The migrations did not come to an end within a minute."
    return f"The process of the migrations {ended(exit_code)}."


def ended(exit_code: int | None) -> str:
    """How a process ended, as the rest of a sentence."""
    if exit_code is not None and exit_code < 0:
        number = -exit_code
        name = signal.Signals(number).name if number in SIGNALS else str(number)
        return f"was ended by the signal {name}"
    return f"ended with exit status {exit_code}"


def hung(log: Collection[str], seconds: float, replaced: Collection[str]) -> str:
    """The sentence for a process that still ran at the time limit and was made to show its stack.

    `log` holds that stack; `replaced` are the files that took the place of modules.
    """
    for line in log:
        place = RUNNING_TOP_LEVEL.match(line)
        if place and place["file"] in replaced:
            return (
                f"After {seconds:.0f} s it was still importing line {place['line']} of the file: "
                "code at module level does not come to an end."
            )
    return f"It ran, but GET /health did not answer 200 within {seconds:.0f} s."
