"""One learner's container, and what it may do."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker  # type: ignore[import-untyped]
import docker.errors  # type: ignore[import-untyped]

from reference_app.running.errors import BackendUnavailable
from reference_app.running.service_process import LOG_BYTES
from reference_app.running.warded_container import LOGS, Place, WardedContainer, make_log
from reference_app.running.warden_link import Link, LinkBroken

FILES = "/files"
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


class LearnerContainer(WardedContainer):
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
        container = client.containers.create(
            image,
            ["python", "-m", "reference_app.running.warden"],
            network=network,
            labels=dict(labels),
            volumes={
                str(directory / "files"): {"bind": FILES, "mode": "ro"},
                str(directory / "logs"): {"bind": LOGS, "mode": "rw"},
            },
            **WALLS,
        )
        try:
            link = Link(container)
            container.start()
            super().__init__(container, link)
        except (docker.errors.DockerException, OSError, LinkBroken) as error:
            container.remove(force=True)
            raise BackendUnavailable(
                f"A container for a submission did not start: {error}"
            ) from error

    def make_place(self, name: str, files: Mapping[str, Path]) -> Place:
        """A directory with copies of the files, and a log.

        The user in the container is another one, and must be able to read what is put there.
        """
        self._places.add(name)
        directory = self._directory / "files" / name
        directory.mkdir()
        directory.chmod(0o755)
        for module, file in files.items():
            copy = directory / f"{module}.py"
            shutil.copyfile(file, copy)
            copy.chmod(0o644)
        log = make_log(self._directory / "logs", name)
        return Place(self, log, {module: seen(name, module) for module in files})

    def leave(self, name: str) -> None:
        self._places.discard(name)
        if not self._places:
            self._clear()
        shutil.rmtree(self._directory / "files" / name, ignore_errors=True)
        (self._directory / "logs" / f"{name}.log").unlink(missing_ok=True)

    def remove(self) -> None:
        super().remove()
        shutil.rmtree(self._directory, ignore_errors=True)


def seen(name: str, module: str) -> str:
    """Where a service finds the file that takes the place of a module."""
    return f"{FILES}/{name}/{module}.py"
