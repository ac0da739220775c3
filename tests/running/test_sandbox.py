"""The walls of a sandbox, each tried from the inside by a file in the place of a part."""

from __future__ import annotations

import ast
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
import redis

from reference_app.running import images
from reference_app.running.sandbox.backend import SandboxBackend
from tests.running import sandbox_probes
from tests.running.forbidden import DENIED, OTHER_CACHE, STATEMENTS
from tests.running.hostile import CACHING, PARTS, found, hostile


@pytest.fixture(scope="module")
def listeners() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A TCP and a UDP socket on all addresses of this machine."""
    with (
        socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        udp.bind(("", 0))
        tcp.settimeout(0)
        udp.settimeout(0)
        yield tcp, udp


@pytest.fixture(scope="module")
def tried(
    sandbox: SandboxBackend,
    listeners: tuple[socket.socket, socket.socket],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Any]]:
    """What one file finds that tries everything which does not end it."""
    tcp, udp = listeners
    forwarder = container_of(sandbox, "forwarder")
    networks = forwarder.attrs["NetworkSettings"]["Networks"]
    [inner] = [each for name, each in networks.items() if name != "bridge"]
    here = [
        a.address for each in psutil.net_if_addrs().values() for a in each if a.family in (2, 10)
    ]
    gateway = inner["IPAddress"].rsplit(".", 1)[0] + ".1"
    theirs = sandbox.outside.cache_url(OTHER_CACHE, sandbox._cache_users.grader)
    with closing(redis.Redis.from_url(theirs)) as other:
        other.set("theirs", "secret")
        file = hostile(
            tmp_path_factory.mktemp("hostile"),
            *("network", "powers", "files", "answers", "database", "cache", "limits"),
            hosts=sorted({address for address in (*here, gateway) if "%" not in address}),
            tcp=tcp.getsockname()[1],
            udp=udp.getsockname()[1],
            forwarder=inner["IPAddress"],
            doors=[5432, 6379, 8001],
            marker=marker(),
            statements=list(STATEMENTS),
            commands=DENIED,
            other_cache=OTHER_CACHE,
        )
        with sandbox.service(replace={CACHING.part: file}) as service:
            yield found(service)


def marker() -> str:
    """A pattern for a sentence of the reference that the solution does not have."""
    sentence = (ast.get_docstring(ast.parse(CACHING.reference_file.read_text())) or "").split("\n")[
        0
    ]
    assert len(sentence) > 20
    assert sentence not in CACHING.solution_file.read_text()
    return f"[{sentence[0]}]{re.escape(sentence[1:])}"


def container_of(sandbox: SandboxBackend, module: str) -> Any:
    """The newest container of a sandbox whose command names a module."""
    with closing(images.engine()) as client:
        return next(
            each
            for each in client.containers.list(filters={"label": labels(sandbox)})
            if any(module in word for word in each.attrs["Config"]["Cmd"])
        )


def labels(sandbox: SandboxBackend) -> list[str]:
    return [f"{name}={value}" for name, value in sandbox._labels.items()]


def test_nothing_on_this_machine_is_reached(
    tried: dict[str, Any], listeners: tuple[socket.socket, socket.socket]
) -> None:
    loopback = ("host 127.0.0.1", "host ::1")
    hosts = {name: how for name, how in tried["network"].items() if name.startswith("host ")}
    assert len(hosts) > len(loopback)
    assert not [name for name, found in hosts.items() if found.startswith("ok")]
    for listener, take in zip(listeners, ("accept", "recv"), strict=True):
        with pytest.raises(BlockingIOError):
            getattr(listener, take)(*([] if take == "accept" else [1]))
    assert not tried["network"]["name"].startswith("ok")
    assert not tried["network"]["raw socket"].startswith("ok")


def test_the_listeners_would_have_noticed(listeners: tuple[socket.socket, socket.socket]) -> None:
    tcp, udp = listeners
    for listener, kind in ((tcp, socket.SOCK_STREAM), (udp, socket.SOCK_DGRAM)):
        port = listener.getsockname()[1]
        assert reaches_itself(port, kind).startswith("ok")
        listener.settimeout(5)
        accepted = listener.accept()[0] if listener is tcp else None
        assert (accepted or listener).recv(100) == b"from inside"
        if accepted:
            accepted.close()
        listener.settimeout(0)


def reaches_itself(port: int, kind: int) -> str:
    return sandbox_probes.reaches("127.0.0.1", port, kind)


def test_the_forwarder_lets_nobody_through_from_inside(tried: dict[str, Any]) -> None:
    doors = [found for name, found in tried["network"].items() if name.startswith("forwarder")]
    assert doors
    assert {found for found in doors if found != "ECONNREFUSED"} == set()


@pytest.mark.usefixtures("tried")
def test_the_container_that_waits_for_the_next_learner_listens_nowhere(
    sandbox: SandboxBackend,
) -> None:
    waiting = container_of(sandbox, "warden")
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        sockets = waiting.exec_run(["cat", table]).output.decode().splitlines()[1:]
        listening = [line.split()[1] for line in sockets if line.split()[3] == "0A"]
        assert [
            each for each in listening if not each.startswith("0B00007F:")
        ] == []  # its resolver


def test_no_powers(tried: dict[str, Any]) -> None:
    powers = tried["powers"]
    assert powers["Uid"] not in ("0", "1000")
    assert int(powers["CapEff"], 16) == int(powers["CapBnd"], 16) == 0
    assert powers["NoNewPrivs"] == "1"
    assert powers["Seccomp"] == "2"
    assert powers["become root"] == "EPERM"
    assert not powers["namespace"].startswith("ok")


def test_the_warden_cannot_be_read_or_ended(tried: dict[str, Any]) -> None:
    powers = tried["powers"]
    for what in ("its memory", "its environment", "its orders", "its answers"):
        assert powers[what] == "EACCES", what
    assert powers["trace the warden"] == "EPERM"
    assert powers["kill it"].startswith("ok")  # which the kernel then ignores: this was written


def test_files_can_be_written_nowhere_but_in_a_small_tmp(tried: dict[str, Any]) -> None:
    files = tried["files"]
    for place in ("/app/x", "/app/reference_app/x.py", "/files/x", "/etc/x", "/venv/x", "/x"):
        assert files[place] in ("EROFS", "EACCES"), place
    assert files["/logs/x"] == "EACCES"
    assert files["own file"] in ("EROFS", "EACCES")
    assert files["fill /tmp"] == "ENOSPC"
    assert files["run from /tmp"] == "EACCES"
    assert files["in memory of the system"] != "ok None"
    assert len(files["files"].split()) == len(files["logs"].split()) == 1


def test_the_answer_is_nowhere(tried: dict[str, Any]) -> None:
    assert tried["answers"] == {"files": [], "memory": []}
    assert re.search(marker(), CACHING.reference_file.read_text())


def test_the_image_has_no_part_that_learners_write(sandbox: SandboxBackend) -> None:
    with closing(images.engine()) as client:
        names = client.containers.run(
            sandbox.image,
            ["find", "/", "-xdev", "-path", "*reference_app*"],
            user="root",
            remove=True,
        ).decode()
    for part in PARTS:
        stem = part.replace(".", "/")
        assert f"{stem}.py" not in names
        folder, name = stem.rsplit("/", 1)
        assert f"{folder}/__pycache__/{name}." not in names
    assert "/app/reference_app/data/models.py" in names


def test_only_its_own_database_opens(tried: dict[str, Any]) -> None:
    closed = {
        name: answer
        for name, answer in tried["database"].items()
        if name not in ("statements", "connections")
    }
    assert len(closed) > 8
    assert not [name for name, answer in closed.items() if answer[0].startswith("ok")]
    assert 30 <= tried["database"]["connections"] <= 40


@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_right_beyond_it(tried: dict[str, Any], statement: str) -> None:
    expected, got = STATEMENTS[statement], tried["database"]["statements"][statement]
    assert got == expected if expected else not got.startswith("ok")


@pytest.mark.parametrize("command", [*DENIED, "anybody", "other"])
def test_the_cache_is_its_own_alone(tried: dict[str, Any], command: str) -> None:
    assert tried["cache"][command] in ("NoPermissionError", "AuthenticationError", "ResponseError")


def test_processes_handles_and_memory_are_bounded(tried: dict[str, Any]) -> None:
    limits = tried["limits"]
    assert 10 < limits["processes"][0] < 128
    assert limits["handles"][0] < 1024
    assert limits["memory"] == "MemoryError"
    for name in ("RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_CORE"):
        assert limits[name] == "ValueError", name
