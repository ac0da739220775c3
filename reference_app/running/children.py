"""Child processes that never outlive their parent, and signals to a child's whole family."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

import psutil  # type: ignore[import-untyped]

PR_SET_PDEATHSIG = 1
BURIAL_SECONDS = 8.0  # PostgreSQL gives its own children five
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(signal_number: signal.Signals) -> None:
    """Have the kernel send this process a signal when its parent dies (Linux; prctl(2))."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)


class Child:
    """One child process by its id; its exit status is kept once it was collected."""

    def __init__(self, pid: int, end_signal: signal.Signals) -> None:
        self._pid = pid
        self._end_signal = end_signal
        self._exit_code: int | None = None

    def poll(self) -> int | None:
        """Its exit status, minus the signal's number when one ended it; None while it runs."""
        if self._exit_code is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._exit_code = os.waitstatus_to_exitcode(status)
        return self._exit_code

    def send(self, signal_number: signal.Signals, *, family: bool = False) -> None:
        """Send a signal if it still runs; with `family` to all its descendants as well."""
        if self.poll() is not None:
            return
        relatives = self._descendants() if family else []
        os.kill(self._pid, signal_number)
        for relative in relatives:
            with contextlib.suppress(psutil.NoSuchProcess):
                relative.send_signal(signal_number)

    def end(self) -> None:
        """Begin its end, even if it is paused, in the way it asked for."""
        self.send(self._end_signal, family=self._end_signal is signal.SIGKILL)
        if self._end_signal is not signal.SIGKILL:
            self.send(signal.SIGCONT, family=True)

    def bury(self) -> None:
        """Wait for the end and help it on when it takes too long."""
        deadline = time.monotonic() + BURIAL_SECONDS
        while self.poll() is None:
            if time.monotonic() > deadline:
                self.send(signal.SIGKILL, family=True)
            time.sleep(0.002)

    def _descendants(self) -> list[psutil.Process]:
        os.kill(self._pid, signal.SIGSTOP)  # no new ones while they are counted
        return list(psutil.Process(self._pid).children(recursive=True))


def spawn(
    argv: Sequence[str], *, directory: str, log: str, user: str | None, end_signal: signal.Signals
) -> Child:
    """Run a program with its output appended to `log`, as `user` when one is named."""
    with open(log, "ab") as output:  # noqa: PTH123 - opened as late as can be
        process = subprocess.Popen(
            argv,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            user=user,
            group=None if user is None else pwd.getpwnam(user).pw_gid,
            extra_groups=None if user is None else [],
            process_group=0,
            preexec_fn=lambda: die_with_parent(end_signal),
        )
    process.returncode = 0  # this module collects the exit status, `subprocess` must not
    return Child(process.pid, end_signal)


def fork(body: Callable[[], NoReturn]) -> Child:
    """Run `body` in a copy of this process, in a session of its own."""
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        die_with_parent(signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        body()
    return Child(pid, signal.SIGKILL)
