"""How a process becomes the service: output to a file, limits, environment, replaced modules."""

import faulthandler
import os
import resource
import signal
import socket
import sys
import time
import traceback
from collections.abc import Mapping
from typing import Any, NoReturn

from reference_app.running import overlay
from reference_app.running.dependents import Imports

LOG_BYTES = 64 * 1024**2
MEMORY_BYTES = 1024**3


def become_service(
    orders: Mapping[str, Any], listener: socket.socket, imported: Imports
) -> NoReturn:
    """Turn a freshly forked process into the application; never returns to the caller's code.

    `imported` tells what of the application the process that was forked had imported.
    """
    exit_code = 1
    try:
        os.chdir(orders["directory"])
        send_output_to(orders["log"])
        keep_only(listener)
        limit_resources()
        overlay.install(orders["replace"], imported)
        exit_code = run(orders["argv"], orders["environment"], listener)
    except SystemExit as leaving:
        exit_code = status_of(leaving)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)


def run(argv: list[str], environment: Mapping[str, str], listener: socket.socket) -> int:
    """`python -m reference_app ARGV` in this process, with only `environment` to be seen."""
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()  # libraries have asked for the zone before it was ours
    faulthandler.enable()
    signal.signal(signal.SIGUSR2, signal.SIG_DFL)
    faulthandler.register(signal.SIGUSR2, chain=True)  # show every thread's stack, then end
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from reference_app.__main__ import main

    main(argv, listener=listener)
    return 0


def send_output_to(log: str) -> None:
    """Standard output and error, line by line, to the end of a file; standard input is empty."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.stderr.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def keep_only(listener: socket.socket) -> None:
    """Close what was inherited: no pipe, lock or socket of another process stays open here."""
    os.closerange(3, listener.fileno())
    os.closerange(listener.fileno() + 1, 4096)


def limit_resources() -> None:
    """64 MiB for any file it writes (its log included), 1 GiB of memory, no core dumps."""
    for kind, limit in (
        (resource.RLIMIT_FSIZE, LOG_BYTES),
        (resource.RLIMIT_DATA, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        bound = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (bound, bound))


def status_of(leaving: SystemExit) -> int:
    """The exit status Python itself would have given."""
    if leaving.code is None or isinstance(leaving.code, int):
        return leaving.code or 0
    print(leaving.code, file=sys.stderr)
    return 1
