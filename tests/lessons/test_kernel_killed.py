"""A notebook's servers end with its kernel, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time

from jupyter_client.manager import start_new_kernel
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from exercises.grading.places import LESSONS
from tests.lessons.reading import LessonNotebook, lesson_files

PATIENCE_SECONDS = 20


def test_nothing_is_left_when_the_kernel_is_killed() -> None:
    lesson = LessonNotebook(lesson_files()[0])
    set_up = next(cell for cell in lesson.section("set-up") if cell.is_code)
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(LESSONS))
    try:
        reply = client.execute_interactive(
            f"{set_up.source}\nlab.reference", timeout=60, output_hook=lambda _: None
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        assert isinstance(manager.provisioner, LocalProvisioner)
        kernel = manager.provisioner.pid
        assert kernel is not None
        started = descendants(kernel)
        assert len(started) >= 4, "supervisor, PostgreSQL, Valkey, service"
        os.kill(kernel, signal.SIGKILL)
        assert outlived(started) == set()
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def descendants(of: int) -> set[int]:
    """Process ids of all children, their children, and so on."""
    table = subprocess.run(["ps", "-Ao", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = [tuple(map(int, line.split())) for line in table.stdout.splitlines()]
    found, parents = set[int](), {of}
    while parents:
        parents = {pid for pid, parent in pairs if parent in parents}
        found |= parents
    return found


def outlived(processes: set[int]) -> set[int]:
    """Those that still run once patience is over."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while processes and time.monotonic() < deadline:
        processes = {pid for pid in processes if runs(pid)}
        time.sleep(0.05)
    return processes


def runs(process: int) -> bool:
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")
