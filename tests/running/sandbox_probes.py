"""What a hostile file tries from inside a sandbox; the text of this module is its text.

Each probe gives a short answer; all of them are printed as one line of JSON, into the log of the
service that imports the file. `TOLD` is put in front of the text: what the test knows.
"""

import asyncio
import contextlib
import ctypes
import errno
import json
import os
import re
import resource
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import redis

TOLD: dict[str, Any] = {}
PTRACE_ATTACH = 16
PATIENCE_SECONDS = 0.4
MOST = 4000


def attempt(call: Callable[[], object]) -> str:
    """`ok` and the result, or the name of the error."""
    try:
        return f"ok {call()}"
    except (
        OSError,
        ValueError,
        MemoryError,
        subprocess.SubprocessError,
        redis.RedisError,
        asyncpg.PostgresError,
    ) as error:
        code = getattr(error, "errno", None)
        return errno.errorcode.get(code, "?") if code else type(error).__name__


def count(call: Callable[[], object]) -> tuple[int, str]:
    """How often it can be done, and what ends it."""
    kept = []
    for done in range(MOST):
        try:
            kept.append(call())
        except (OSError, MemoryError, asyncpg.PostgresError, redis.RedisError) as error:
            return done, type(error).__name__
    return MOST, "nothing"


def reaches(host: str, port: int, kind: int = socket.SOCK_STREAM) -> str:
    """Whether a TCP connection comes about; a datagram is only sent."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        probe.settimeout(PATIENCE_SECONDS)

        def send() -> None:
            probe.connect((host, port))
            probe.send(b"from inside")

        return attempt(send)


def network() -> dict[str, str]:
    found = {}
    for host in TOLD["hosts"]:
        found[f"host {host}"] = reaches(host, TOLD["tcp"])
        reaches(host, TOLD["udp"], socket.SOCK_DGRAM)
    for port in TOLD["doors"]:
        found[f"forwarder {port}"] = reaches(TOLD["forwarder"], port)
    found["name"] = attempt(lambda: socket.gethostbyname("dojo-probe.test"))
    found["raw socket"] = attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
    return found


def powers() -> dict[str, str]:
    libc = ctypes.CDLL(None, use_errno=True)

    def ptrace() -> None:
        if libc.ptrace(PTRACE_ATTACH, 1, 0, 0):
            raise OSError(ctypes.get_errno(), "ptrace")

    status = dict(
        line.split(":\t")
        for line in Path("/proc/self/status").read_text().splitlines()
        if ":\t" in line
    )
    return {
        **{
            name: status[name].split()[0]
            for name in ("Uid", "CapEff", "CapBnd", "NoNewPrivs", "Seccomp")
        },
        "trace the warden": attempt(ptrace),
        "its memory": attempt(lambda: Path("/proc/1/mem").open("rb")),
        "its environment": attempt(lambda: Path("/proc/1/environ").read_bytes()),
        "its orders": attempt(lambda: Path("/proc/1/fd/0").open("rb")),
        "its answers": attempt(lambda: Path("/proc/1/fd/1").open("wb")),
        "kill it": attempt(lambda: os.kill(1, signal.SIGKILL)),
        "stop it": attempt(lambda: os.kill(1, signal.SIGSTOP)),
        "become root": attempt(lambda: os.setuid(0)),
        "namespace": attempt(lambda: subprocess.check_output(["unshare", "-Ur", "true"], stderr=2)),
    }


def files() -> dict[str, str]:
    script = Path("/tmp/run")  # noqa: S108 - inside

    def run() -> bytes:
        script.write_text("#!/bin/sh\necho ran")
        script.chmod(0o755)
        return subprocess.check_output([str(script)])

    def fill() -> None:
        with Path("/tmp/big").open("wb") as big:  # noqa: S108 - inside
            big.writelines(bytes(1024**2) for _ in range(200))

    places = ("/app/x", "/app/reference_app/x.py", "/files/x", "/logs/x", "/etc/x", "/venv/x", "/x")
    found = {place: attempt(partial(Path(place).write_text, "x")) for place in places}
    own = Path(__file__)
    found["own file"] = attempt(lambda: own.write_text("x"))
    found["fill /tmp"] = attempt(fill)
    Path("/tmp/big").unlink()  # noqa: S108 - inside
    found["run from /tmp"] = attempt(run)
    found["files"] = " ".join(str(path) for path in Path("/files").iterdir())
    found["logs"] = " ".join(str(path) for path in Path("/logs").iterdir())
    found["in memory of the system"] = attempt(shared_memory)
    return found


def shared_memory() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.shmget(4711, 4096, 0o1666) < 0:
        raise OSError(ctypes.get_errno(), "shmget")


def answers() -> dict[str, list[str]]:
    """Where the text that only the reference has can be read: files, byte code, memory."""
    marker = re.compile(TOLD["marker"].encode())  # a pattern that does not match itself
    found = []
    for top in ("/app", "/files", "/logs", "/tmp", "/dev/shm", "/home", "/opt", "/srv"):  # noqa: S108 - inside
        for path in Path(top).rglob("*"):
            with contextlib.suppress(OSError):
                if path.is_file() and marker.search(path.read_bytes()):
                    found.append(str(path))
    memory = []
    with Path("/proc/self/maps").open() as maps, Path("/proc/self/mem").open("rb", 0) as content:
        for line in maps:
            start, end = (int(edge, 16) for edge in line.split()[0].split("-"))
            with contextlib.suppress(OSError, OverflowError, ValueError):
                content.seek(start)
                if marker.search(content.read(end - start)):
                    memory.append(line.split()[-1])
    return {"files": found, "memory": memory}


def limits() -> dict[str, Any]:
    sleepers: list[int] = []

    def fork() -> None:
        pid = os.fork()
        if pid == 0:
            signal.pause()
        sleepers.append(pid)

    found: dict[str, Any] = {"processes": count(fork)}
    for pid in sleepers:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    found["handles"] = count(lambda: os.open("/dev/null", os.O_RDONLY))
    found["memory"] = attempt(lambda: len(bytearray(1100 * 1024**2)))
    for name in ("RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_CORE"):
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        found[name] = attempt(partial(resource.setrlimit, kind, (hard + 1, hard + 1)))
    return found


def leave_something() -> None:
    """A process that outlives its parent, and files."""
    for place in ("/tmp/left", "/dev/shm/left"):  # noqa: S108 - inside
        Path(place).write_text("left")
    Path("/tmp/closed/deep").mkdir(parents=True, exist_ok=True)  # noqa: S108 - inside
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while True:
                signal.pause()
        os._exit(0)


def surroundings() -> dict[str, Any]:
    processes = [path.name for path in Path("/proc").iterdir() if path.name.isdigit()]
    places = ("/tmp", "/dev/shm")  # noqa: S108 - inside
    left = [str(path) for place in places for path in Path(place).iterdir()]
    return {"processes": sorted(map(int, processes)), "left": left, "own": os.getpid()}


def probe() -> None:
    """Everything that was asked for."""
    found: dict[str, Any] = {}
    for name in TOLD["probes"]:
        started = time.perf_counter()
        result = globals()[name]()
        found[name] = asyncio.run(result) if asyncio.iscoroutine(result) else result
        print(f"{name}: {time.perf_counter() - started:.2f} s", flush=True)
    print("PROBED " + json.dumps(found), flush=True)


if TOLD:
    threading.Thread(target=probe, daemon=True).start()
