"""However the caller ends, no process, container, network or scratch directory of it stays."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from reference_app.running import images, reaper, scratch

PATIENCE_SECONDS = 30.0

CALLER = """
import sys, time
from reference_app.running import start

backend = start(sys.argv[1])
service = backend.service()
backend.payment_account()
backend.postgres.pause()
print(backend._scratch, flush=True)
if sys.argv[2] == "normal":
    sys.exit()
if sys.argv[2] == "closes":
    backend.close()
    sys.exit()
for _ in range(600):  # a signal that comes just before a sleep is noticed after it
    time.sleep(0.1)
"""


@pytest.fixture
def caller(on: str, request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process with a back end, a service and a paused PostgreSQL; and its scratch directory."""
    process = subprocess.Popen(
        [sys.executable, "-c", CALLER, on, request.param],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    with process:
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def left(on: str, directory: Path) -> list[str]:
    """What is still there of a run."""
    processes = scratch.processes_in(directory)
    found = [" ".join(process.info["cmdline"] or ["?"]) for process in processes]
    if directory.exists():
        found.append(str(directory))
    if on == "containers":
        client = images.engine()
        label = f"{reaper.SCRATCH_LABEL}={directory}"
        found += [container.name for container in reaper.containers(client, label)]
        found += [network.name for network in client.networks.list(filters={"label": label})]
        client.close()
    return found


def is_soon_gone(on: str, directory: Path) -> bool:
    """Whether nothing is left before patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while left(on, directory):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.mark.parametrize("caller", ["normal", "closes"], indirect=True)
def test_after_a_normal_end(on: str, caller: tuple[subprocess.Popen[str], Path]) -> None:
    process, directory = caller
    assert process.wait(PATIENCE_SECONDS) == 0
    assert is_soon_gone(on, directory), left(on, directory)


@pytest.mark.parametrize("caller", ["sleeps"], indirect=True)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_after_a_signal(
    on: str, caller: tuple[subprocess.Popen[str], Path], how: signal.Signals
) -> None:
    process, directory = caller
    os.killpg(process.pid, how)
    process.wait(PATIENCE_SECONDS)
    assert is_soon_gone(on, directory), left(on, directory)


@pytest.mark.parametrize("caller", ["sleeps"], indirect=True)
def test_the_next_start_sweeps_what_a_killed_minder_left(
    on: str, caller: tuple[subprocess.Popen[str], Path]
) -> None:
    """The minder is the supervisor or the reaper: the process that should have cleaned up."""
    process, directory = caller
    minders = psutil.Process(process.pid).children()
    for minder in minders:
        minder.kill()
    process.kill()
    process.wait(PATIENCE_SECONDS)
    psutil.wait_procs(minders, PATIENCE_SECONDS)  # a dying one still holds the lock
    if on == "containers":
        client = images.engine()
        reaper.sweep(client)
        client.close()
    scratch.sweep()
    assert is_soon_gone(on, directory), left(on, directory)


@pytest.mark.parametrize("caller", ["sleeps"], indirect=True)
def test_a_living_run_is_not_swept(on: str, caller: tuple[subprocess.Popen[str], Path]) -> None:
    _, directory = caller
    scratch.sweep()
    if on == "containers":
        client = images.engine()
        reaper.sweep(client)
        client.close()
    assert directory.exists()
    assert left(on, directory)
