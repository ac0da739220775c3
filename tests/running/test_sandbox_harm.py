"""What a file in a sandbox does to its container ends with its service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from reference_app.running import Service, ServiceDidNotStart
from reference_app.running.sandbox.backend import SandboxBackend
from reference_app.running.service_process import LOG_BYTES
from tests.running.hostile import CACHING, found, hostile


@dataclass(frozen=True)
class Harm:
    """Source, and what the error must say: one of the reasons."""

    source: str
    reasons: tuple[str, ...]
    seconds: float = 4.0


HARM = {
    "memory that is shared": Harm(
        "import mmap\n"
        "hoard = mmap.mmap(-1, 2 * 1024**3)\n"
        "for at in range(0, len(hoard), 1024**2):\n"
        "    hoard[at : at + 1024**2] = b'x' * 1024**2\n",
        ("SIGKILL",),
        seconds=30.0,
    ),
    "fork bomb": Harm(
        "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass\n",
        ("still importing", "/health"),
    ),
    "kills everybody": Harm(
        "import contextlib, os, signal\n"
        "for everybody in (1, -1):\n"
        "    with contextlib.suppress(ProcessLookupError):\n"
        "        os.kill(everybody, signal.SIGKILL)\n"
        "raise SystemExit(7)\n",
        ("exit status 7",),
    ),
    "takes the warden's limits": Harm(
        "import resource\n"
        "for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_AS, resource.RLIMIT_CPU):\n"
        "    resource.prlimit(1, kind, (0, 0))\n"
        "while True:\n"
        "    pass\n",
        ("SIGKILL", "still importing", "/health"),
    ),
}


@pytest.mark.parametrize("name", HARM)
def test_harm_ends_with_a_reason_and_the_next_service_is_well(
    sandbox: SandboxBackend, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cache.py"
    file.write_text(HARM[name].source)
    with monkeypatch.context() as quick:
        quick.setattr("reference_app.running.service.START_SECONDS", HARM[name].seconds)
        with pytest.raises(ServiceDidNotStart) as told:
            sandbox.service(replace={CACHING.part: file})
    assert any(each in told.value.reason for each in HARM[name].reasons), told.value.reason
    with honest(sandbox) as service:
        assert service.running


def test_output_is_bounded_whatever_the_file_does_about_it(
    sandbox: SandboxBackend, tmp_path: Path
) -> None:
    file = tmp_path / "cache.py"
    file.write_text(
        "import os, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "for _ in range(100):\n"
        "    try:\n"
        "        os.write(1, b'x' * 1024**2)\n"
        "    except OSError:\n"
        "        pass\n"
        "raise SystemExit(1)\n"
    )
    with sandbox.service(replace={CACHING.part: file}, start=False) as service:
        with pytest.raises(ServiceDidNotStart, match="more than 64 MiB of output"):
            service.start()
        assert log_of(service).stat().st_size == LOG_BYTES


def test_the_next_service_finds_no_process_and_no_file(
    sandbox: SandboxBackend, tmp_path: Path
) -> None:
    file = hostile(tmp_path, "leave_something", "surroundings")
    with sandbox.service(replace={CACHING.part: file}) as service:
        before = found(service)["surroundings"]
        log = log_of(service)
        container = log.parents[1]
    with sandbox.service(replace={CACHING.part: hostile(tmp_path, "surroundings")}) as service:
        after = found(service)["surroundings"]
        assert log_of(service).parents[1] == container
    assert {1, before["own"]} < set(before["processes"])
    assert set(before["left"]) == {"/tmp/left", "/tmp/closed", "/dev/shm/left"}  # noqa: S108
    assert after["processes"] == [1, after["own"]]
    assert after["left"] == []
    assert not log.exists()


def test_a_killed_service_leaves_no_process_that_remembers(
    sandbox: SandboxBackend, tmp_path: Path
) -> None:
    file = hostile(tmp_path, "leave_something", "surroundings")
    with sandbox.service(replace={CACHING.part: file}) as service:
        before = found(service)["surroundings"]
        service.kill()
        assert not service.running
        service.start()
        after = found(service, start=2)["surroundings"]
    assert set(before["processes"]) & set(after["processes"]) == {1}


def test_a_new_learner_gets_a_container_that_nobody_has_used(
    sandbox: SandboxBackend,
) -> None:
    with honest(sandbox) as service:
        first = log_of(service).parents[1]
        sandbox.fresh()
        assert not service.running
    with honest(sandbox) as service:
        assert log_of(service).parents[1] != first


def test_a_broken_container_is_replaced_when_its_service_is_started_again(
    sandbox: SandboxBackend,
) -> None:
    with honest(sandbox) as service:
        sandbox.fresh()
        service.start()
        assert service.running


def honest(sandbox: SandboxBackend) -> Service:
    """A service with a right answer."""
    return sandbox.service(replace={CACHING.part: CACHING.solution_file})


def log_of(service: Service) -> Path:
    """The file that has its output, below the directory that is its container's."""
    log: Path = service._process.log  # type: ignore[attr-defined]
    return log
