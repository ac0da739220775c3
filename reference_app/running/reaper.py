"""The process that removes a run's containers when its caller is gone, however it went.

    python -m reference_app.running.reaper SCRATCH CALLER RUN

It waits until stdin ends or the process CALLER does (a SIGKILL included). A caller that hangs up
in good order says so with a byte: nothing is being made any more.
"""

import os
import select
import shutil
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker  # type: ignore[import-untyped]
import docker.errors  # type: ignore[import-untyped]
from docker.models.containers import Container  # type: ignore[import-untyped]

from reference_app.running import images, scratch

RUN_LABEL = "backend-dojo.run"
SCRATCH_LABEL = "backend-dojo.scratch"
OWNER_LABEL = "backend-dojo.owner"
OWNER = f"{socket.gethostname()}:{os.getuid()}"  # an engine may be shared
SETTLING_SECONDS = 1.0


def labels(run: str, directory: Path) -> dict[str, str]:
    """What marks everything a run makes."""
    return {RUN_LABEL: run, SCRATCH_LABEL: str(directory), OWNER_LABEL: OWNER}


def remove_run(client: docker.DockerClient, run: str) -> None:
    """Remove a run's containers, then its networks and volumes."""
    mine = {"label": f"{RUN_LABEL}={run}"}
    with ThreadPoolExecutor(8) as workers:
        list(workers.map(remove_container, containers(client, mine["label"])))
    for network in client.networks.list(filters=mine):
        try:
            network.remove()
        except docker.errors.APIError as error:
            print(f"network {network.name} stays: {error}", file=sys.stderr)
    for volume in client.volumes.list(filters=mine):
        try:
            volume.remove()
        except docker.errors.APIError as error:
            print(f"volume {volume.name} stays: {error}", file=sys.stderr)


def containers(client: docker.DockerClient, label: str) -> list[Container]:
    """All containers with a label, whatever their state."""
    found = client.containers.list(all=True, filters={"label": label}, ignore_removed=True)
    return list(found)


def remove_container(container: Container) -> None:
    """Remove one container, paused or running; one that is gone already is no error."""
    try:
        container.remove(force=True, v=True)
    except docker.errors.NotFound:
        return
    except docker.errors.APIError as error:
        print(f"container {container.name} stays: {error}", file=sys.stderr)


def sweep(client: docker.DockerClient) -> None:
    """Remove what our own runs left behind whose scratch directory nobody holds any more."""
    mine = f"{OWNER_LABEL}={OWNER}"
    marks = [container.labels for container in containers(client, mine)]
    for made in (client.networks, client.volumes):
        marks += [each.attrs["Labels"] for each in made.list(filters={"label": mine})]
    for run, directory in {(mark[RUN_LABEL], mark[SCRATCH_LABEL]) for mark in marks}:
        if not Path(directory).exists() or scratch.abandoned(Path(directory)):
            remove_run(client, run)


def wait_for_end(caller: int) -> bool:
    """Return when the caller hangs up or ends; True when it said that all is in order."""
    watched = [0]
    if hasattr(os, "pidfd_open"):
        try:
            watched.append(os.pidfd_open(caller))
        except ProcessLookupError:
            return False
    ready, _, _ = select.select(watched, [], [])
    return 0 in ready and bool(os.read(0, 1))


def main() -> None:
    """Wait for the end of the caller, then clean up."""
    directory, caller, run = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    signal.signal(signal.SIGTERM, lambda *_: None)
    orderly = wait_for_end(caller)
    client = images.engine()
    remove_run(client, run)
    if not orderly:
        time.sleep(SETTLING_SECONDS)  # the engine may have been making one more
        remove_run(client, run)
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
