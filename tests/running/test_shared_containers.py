"""Services made of the same files share a container, and the next ones find it as new."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path

import docker  # type: ignore[import-untyped]
import httpx
import pytest
from docker.models.containers import Container  # type: ignore[import-untyped]

from reference_app.running import Backend, build_context, images, reaper, start
from reference_app.running.service_container import PORTS
from tests.running.engine import needs_engine
from tests.running.questions import ready

HEALTH = "reference_app.reliability.health"

LEAVES_TRACES = """
import os, subprocess, sys
from pathlib import Path

print("found:", *sorted(os.listdir("/tmp")), *sorted(os.listdir("/dev/shm")))
Path("/tmp/left").write_text("over")
Path("/dev/shm/left").write_text("over")
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
"""


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    needs_engine()
    client = images.engine()
    yield client
    client.close()


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    needs_engine()
    with start("containers") as backend:
        yield backend


def containers_of(client: docker.DockerClient, backend: Backend) -> list[Container]:
    """Those that services of this back end run in."""
    image = client.images.get(build_context.read().image).id
    mine = reaper.containers(client, f"{reaper.SCRATCH_LABEL}={backend._scratch}")  # type: ignore[attr-defined]
    return [each for each in mine if each.attrs["Image"] == image]


def in_use(client: docker.DockerClient, backend: Backend) -> list[Container]:
    """Those in which a service runs, beside the warden."""
    return [each for each in containers_of(client, backend) if len(processes_in(each)) > 1]


def processes_in(container: Container) -> list[list[str]]:
    if container.status != "running":
        return []
    return list(container.top()["Processes"])


def test_services_share_one_until_it_is_full(client: docker.DockerClient, backend: Backend) -> None:
    with ExitStack() as running:
        services = [running.enter_context(backend.service()) for _ in PORTS]
        assert len({service.url for service in services}) == len(PORTS)
        assert len(in_use(client, backend)) == 1
        one_more = running.enter_context(backend.service())
        assert len(in_use(client, backend)) == 2
        assert [ready(each) for each in (*services, one_more)] == [HTTPStatus.OK] * 5


def test_the_next_file_finds_no_file_and_no_process_of_the_last(
    client: docker.DockerClient, backend: Backend, learner_file: Path
) -> None:
    learner_file.write_text(learner_file.read_text() + LEAVES_TRACES)
    for number in range(2):
        learner_file.write_text(f"{learner_file.read_text()}\nprint('save', {number})\n")
        with backend.service(replace={HEALTH: learner_file}) as service:
            assert "found:" in [line.strip() for line in service.logs()]
            assert f"save {number}" in service.logs()
            [mounted] = [
                each for each in containers_of(client, backend) if HEALTH in each.attrs["Args"]
            ]
            assert len(processes_in(mounted)) > 2, "the file has begun one of its own"
    assert len(processes_in(mounted)) == 1


def test_files_that_differ_are_kept_apart(
    backend: Backend, learner_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.py"
    other.write_text(learner_file.read_text() + "print('the other file')\n")
    with (
        backend.service(replace={HEALTH: learner_file}) as one,
        backend.service(replace={HEALTH: other}) as another,
    ):
        one.restart()
        assert "the other file" not in one.logs()
        assert "the other file" in another.logs()


def test_a_container_that_breaks_has_killed_what_was_in_it(
    client: docker.DockerClient, backend: Backend
) -> None:
    with backend.service() as service, backend.service(beside=service) as replica:
        [container] = in_use(client, backend)
        container.kill()
        assert (service.running, service.exit_code) == (False, -9)
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{replica.url}/health")
        service.start()
        replica.start()
        assert [ready(service), ready(replica)] == [HTTPStatus.OK] * 2
