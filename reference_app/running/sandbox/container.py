"""One learner's container: what it may do, and orders to its warden."""

import contextlib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import docker  # type: ignore[import-untyped]
import docker.errors  # type: ignore[import-untyped]

from reference_app.running.errors import BackendUnavailable
from reference_app.running.sandbox.link import Link, LinkBroken
from reference_app.running.service_process import LOG_BYTES

FILES = "/files"
LOGS = "/logs"
START_SECONDS = 60.0
ORDER_SECONDS = 15.0
MEMORY = "1280m"  # the service bounds itself at 1 GiB and gets a MemoryError there

USER = 10001 if os.getuid() != 10001 else 10002  # not ours: what is ours to write is not theirs

WALLS: dict[str, Any] = {
    "user": f"{USER}:{USER}",
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "read_only": True,
    "tmpfs": {"/tmp": "size=16m,nr_inodes=1k,noexec,nosuid,nodev"},  # noqa: S108 - of the container  # nosec B108
    "shm_size": "16m",
    "mem_limit": MEMORY,
    "memswap_limit": MEMORY,
    "pids_limit": 128,
    "nano_cpus": 1_000_000_000,
    "ulimits": [
        docker.types.Ulimit(name="nofile", soft=1024, hard=1024),
        docker.types.Ulimit(name="fsize", soft=LOG_BYTES, hard=LOG_BYTES),
        docker.types.Ulimit(name="core", soft=0, hard=0),
    ],
    "sysctls": {  # what would outlive its process and be read by the next one
        "kernel.shmmni": "0",
        "kernel.msgmni": "0",
        "kernel.sem": "0 0 0 0",
        "fs.mqueue.queues_max": "0",
        "net.ipv6.conf.all.disable_ipv6": "1",
    },
    "dns": ["127.0.0.1"],  # nobody: the engine's own resolver would ask the host's (CVE-2024-29018)
    "dns_opt": ["timeout:1", "attempts:1"],
    "ipc_mode": "private",
    "healthcheck": {"test": ["NONE"]},
    "log_config": {"type": "none"},
    "stdin_open": True,
}


class LearnerContainer:
    """A container that imports the libraries, and is then told what to fork.

    `directory` is the part of this machine that it sees: below `files`, to read, what its services
    are made of; below `logs`, where their output goes.
    """

    def __init__(
        self,
        client: docker.DockerClient,
        image: str,
        network: str,
        directory: Path,
        labels: Mapping[str, str],
    ) -> None:
        self._directory = directory
        self._places: set[str] = set()
        for part in ("files", "logs"):
            (directory / part).mkdir(parents=True)
            (directory / part).chmod(0o755)  # whatever the umask is
        self._container = client.containers.create(
            image,
            ["python", "-m", "reference_app.running.sandbox.warden"],
            network=network,
            labels=dict(labels),
            volumes={
                str(directory / "files"): {"bind": FILES, "mode": "ro"},
                str(directory / "logs"): {"bind": LOGS, "mode": "rw"},
            },
            **WALLS,
        )
        try:
            self._link = Link(self._container)
            self._container.start()
            self._link.wait(START_SECONDS)
            self._container.reload()
        except (docker.errors.DockerException, OSError, LinkBroken) as error:
            self._container.remove(force=True)
            raise BackendUnavailable(
                f"A container for a submission did not start: {error}"
            ) from error
        [connected] = self._container.attrs["NetworkSettings"]["Networks"].values()
        self.address: str = connected["IPAddress"]
        self.alive = True

    def make_place(self, name: str) -> tuple[Path, Path]:
        """A directory for the files of a service, and a log; see `seen`.

        The user in the container is another one, and must be able to read what is put there.
        """
        files, log = self._directory / "files" / name, self._directory / "logs" / f"{name}.log"
        self._places.add(name)
        files.mkdir()
        files.chmod(0o755)
        log.touch()
        log.chmod(0o666)
        return files, log

    def fork(
        self,
        name: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        modules: Sequence[str],
    ) -> int:
        """Start a service on the files of its place; answer its port. Raises LinkBroken."""
        order = {
            "do": "fork",
            "name": name,
            "argv": list(argv),
            "environment": dict(environment),
            "replace": {module: seen(name, module) for module in modules},
            "log": f"{LOGS}/{name}.log",
        }
        return int(self._ask(order)["port"])

    def signal(self, name: str, signal: str) -> None:
        """Send a signal to a service and its children. A broken container has none."""
        with contextlib.suppress(LinkBroken):
            self._ask({"do": "signal", "name": name, "signal": signal})

    def state(self, name: str) -> tuple[bool, int | None]:
        """Whether a service runs, and its exit status; in a broken container it was killed."""
        try:
            answer = self._ask({"do": "state", "name": name})
        except LinkBroken:
            return False, -9
        return bool(answer["running"]), answer["exit_code"]

    def leave(self, name: str) -> None:
        """Remove what was made for a service; after the last one nothing is left of any."""
        self._places.discard(name)
        if not self._places:
            with contextlib.suppress(LinkBroken):
                self._ask({"do": "clear"})
        shutil.rmtree(self._directory / "files" / name, ignore_errors=True)
        (self._directory / "logs" / f"{name}.log").unlink(missing_ok=True)

    def end(self) -> None:
        """SIGKILL to everything in it."""
        self.alive = False
        self._link.close()
        with contextlib.suppress(docker.errors.APIError):
            self._container.kill()

    def remove(self) -> None:
        """Remove all that is left of it."""
        with contextlib.suppress(docker.errors.NotFound):
            self._container.remove(force=True, v=True)
        shutil.rmtree(self._directory, ignore_errors=True)

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """The answer; when there is none, or an error, the container is given up."""
        if not self.alive:
            raise LinkBroken("it was given up")
        try:
            return self._link.ask(order, ORDER_SECONDS)
        except LinkBroken:
            self.end()
            raise


def seen(name: str, module: str) -> str:
    """Where a service finds the file that takes the place of a module."""
    return f"{FILES}/{name}/{module}.py"
