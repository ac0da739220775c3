"""However the caller of a sandbox ends, no container, network, volume or file of it stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from reference_app.running import images, reaper
from tests.running.engine import needs_engine
from tests.running.hostile import CACHING

PATIENCE_SECONDS = 60.0
CALLER = """
import sys, time
from pathlib import Path
from reference_app.running.sandbox.backend import SandboxBackend

backend = SandboxBackend([sys.argv[1]])
service = backend.service(replace={sys.argv[1]: Path(sys.argv[2])})
backend.payment_account()
print(backend._scratch, flush=True)
time.sleep(300)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_after_a_signal(how: signal.Signals) -> None:
    needs_engine()
    with subprocess.Popen(
        [sys.executable, "-c", CALLER, CACHING.part, CACHING.solution_file],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as caller:
        assert caller.stdout is not None
        directory = Path(caller.stdout.readline().strip())
        before = left(directory)
        os.killpg(caller.pid, how)
        caller.wait(PATIENCE_SECONDS)
    assert {"containers", "networks", "volumes", "files"} == set(before)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while found := left(directory):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def left(directory: Path) -> dict[str, list[str]]:
    """What is still there of a run, by kind; empty when it is all gone."""
    mine = {"label": f"{reaper.SCRATCH_LABEL}={directory}"}
    with closing(images.engine()) as client:
        found = {
            "containers": [each.name for each in reaper.containers(client, mine["label"])],
            "networks": [each.name for each in client.networks.list(filters=mine)],
            "volumes": [each.name for each in client.volumes.list(filters=mine)],
            "files": [str(directory)] if directory.exists() else [],
        }
    return {kind: names for kind, names in found.items() if names}
