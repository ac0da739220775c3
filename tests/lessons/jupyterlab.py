"""A JupyterLab of its own, and a browser without a screen that looks at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from exercises.grading.places import ROOT

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PLACES = (
    *("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"),
    *("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"),
)
START_SECONDS = 60
LOOK_SECONDS = 120
MOST_LOOKS = 3


def browser() -> str | None:
    """The path of a browser that can run without a screen, if this machine has one."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


@contextmanager
def jupyterlab(home: Path) -> Iterator[str]:
    """Gives the address of a JupyterLab on the project, with settings of its own in `home`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
        *("--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
        *("--IdentityProvider.token=", f"--ServerApp.root_dir={ROOT}"),
        f"--FileCheckpoints.checkpoint_dir={home / 'checkpoints'}",
    ]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env=os.environ | {place: str(home / place.lower()) for place in PLACES},
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/api", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def page(address: str, home: Path, is_whole: Callable[[str], bool]) -> str:
    """The page as the browser has built it, scripts included.

    It is looked at again when it is not whole: the browser's time is over when that of its own
    clock is, which on a busy machine runs ahead of what it loads.
    """
    for _ in range(MOST_LOOKS):
        shown = _look_at(address, home)
        if is_whole(shown):
            break
    return shown


def _look_at(address: str, home: Path) -> str:
    found = browser()
    assert found is not None
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    looked = subprocess.run(
        [
            *(found, "--headless=new", "--disable-gpu", "--disable-background-networking"),
            *(*sandbox, f"--user-data-dir={home / 'browser'}", "--window-size=1300,9000"),
            *("--virtual-time-budget=40000", "--dump-dom", address),
        ],
        capture_output=True,
        encoding="utf-8",
        timeout=LOOK_SECONDS,
        check=True,
    )
    return looked.stdout


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(address, timeout=5):  # noqa: S310 - an address made here
                return
        except (URLError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError("JupyterLab did not start.")
