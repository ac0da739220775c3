"""A process of our own that outlives its caller just long enough to clean up after it."""

import os
import subprocess
import sys
from pathlib import Path

import reference_app

LOG = "minder.log"


def start(module: str, scratch: Path, lock: int, *arguments: str) -> "subprocess.Popen[bytes]":
    """Run a module in a session of its own, with pipes for stdin and stdout.

    It gets the scratch directory, the caller's process id and `arguments`, and takes over the
    lock of the directory. Its stderr goes to a file there.
    """
    root = str(Path(reference_app.__file__).parent.parent)
    search = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    with (scratch / LOG).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module, scratch, str(os.getpid()), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=scratch,
            env={**os.environ, "PYTHONPATH": search},
            pass_fds=[lock],
            start_new_session=True,
        )
    os.close(lock)
    return process
