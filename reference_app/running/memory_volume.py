"""Volumes in memory for the files of PostgreSQL: quick, bounded, and gone without a trace.

Whatever mounts one keeps it: the container that holds the servers' address does, so that the files
are there again when PostgreSQL is started again.
"""

from collections.abc import Mapping

import docker  # type: ignore[import-untyped]

POSTGRES_FILES = "/var/lib/postgresql"
POSTGRES_USER = 999


def make(client: docker.DockerClient, name: str, labels: Mapping[str, str], size: str) -> None:
    """Make a volume that belongs to PostgreSQL; `size` is its bound, as mount(8) takes it."""
    owner = f"uid={POSTGRES_USER},gid={POSTGRES_USER}"
    options = {"type": "tmpfs", "device": "tmpfs", "o": f"size={size},mode=0700,{owner}"}
    client.volumes.create(name, driver_opts=options, labels=dict(labels))
