"""Interrupting the caller, as a person does to a cell of a notebook, leaves the servers alone."""

import os
import signal
import subprocess
import sys

INTERRUPTED_CALLER = """
import time
import httpx
from reference_app.running import start

deadline = time.monotonic() + 60
with start("embedded") as backend, backend.service() as service:
    for _ in range(3):
        try:
            print("interrupt me", flush=True)
            while time.monotonic() < deadline:
                assert backend.postgres.running and service.running
        except KeyboardInterrupt:
            pass
    print(httpx.get(f"{service.url}/ready").status_code, flush=True)
"""


def test_ctrl_c_reaches_neither_the_servers_nor_the_talk_with_them() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED_CALLER],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as caller:
        assert caller.stdout is not None
        for _ in range(3):
            assert caller.stdout.readline() == "interrupt me\n"
            os.killpg(caller.pid, signal.SIGINT)
        assert caller.stdout.readline() == "200\n"
        assert caller.wait(30) == 0
