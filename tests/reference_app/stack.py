"""compose.yaml brought up as it is, for tests: own project name, subnet, ports and secrets."""

import itertools
import os
import random
import re
import ssl
import subprocess
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import docker  # type: ignore[import-untyped]
import httpx
import psutil  # type: ignore[import-untyped]

from reference_app.running import build_context, images
from tests.reference_app.client import PASSWORD

DEPLOY = build_context.ROOT / "reference_app" / "deploy"
IMAGE = "backend-dojo"
VERSION = "test"
AROUND = ("haproxy:3.0", "edoburu/pgbouncer:v1.24.1-p1", "prom/prometheus:v2.53.3")
PROJECT = "backend-dojo-"
"""Begins the name of a project; the number of the process that it is for comes next."""
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.3  # so that no quota is used up


class Stack:
    """The services of compose.yaml on this machine's engine, released as an operator would."""

    def __init__(self, secrets: Path) -> None:
        self.secrets = secrets
        self._environment = {
            **os.environ,
            "COMPOSE_PROJECT_NAME": f"{PROJECT}{os.getpid()}-{uuid.uuid4().hex[:8]}",
            "SECRETS": str(secrets),
            "EDGE": f"10.{random.randrange(64, 192)}.{random.randrange(256)}",  # noqa: S311
            "HTTP_PORT": "127.0.0.1:0",
            "HTTPS_PORT": "127.0.0.1:0",
            "PROMETHEUS_PORT": "0",
            "VERSION": "none",
            "PATIENCE": "180",  # seconds; a machine may be busy with other tests
        }
        self.run("make-secrets", str(secrets))

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One of the scripts that operate it."""
        return subprocess.run(
            [DEPLOY / script, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def follow(self, runbook: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Every command of a runbook, one block after the other, until one fails."""
        text = (DEPLOY / "runbooks" / f"{runbook}.md").read_text()
        steps = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", steps],
            cwd=DEPLOY,
            env={**self._environment, **variables},
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )

    def compose(self, *arguments: str) -> str:
        """`docker compose` on it; what that printed."""
        command = ["docker", "compose", "--file", str(DEPLOY / "compose.yaml"), *arguments]
        return subprocess.check_output(
            command, env=self._environment, text=True, stderr=subprocess.PIPE, timeout=120
        )

    def url(self, service: str, port: int) -> str:
        """Where a published port is reached."""
        scheme = "https" if port == 8443 else "http"
        return f"{scheme}://{self.compose('port', service, str(port)).strip()}"

    def trust(self) -> ssl.SSLContext:
        """Trust in its certificate and no other."""
        return ssl.create_default_context(cafile=str(self.secrets / "tls.crt"))

    def sql(self, statement: str) -> str:
        """What a statement gives, as superuser."""
        psql = ("psql", "-U", "postgres", "-d", "dojo", "-At", "-c", statement)
        return self.compose("exec", "-T", "postgres", *psql).strip()

    def sql_outside(self, statement: str) -> None:
        """A statement on the server that concerns the service's database as a whole."""
        psql = ("psql", "-U", "postgres", "-q", "-c", statement)
        self.compose("exec", "-T", "postgres", *psql)

    def status(self) -> str:
        """Each service, whether it runs, and how it is."""
        return self.compose("ps", "--all", "--format", "{{.Service}} {{.State}} {{.Health}}")

    def close(self) -> None:
        self.compose("down", "--volumes", "--timeout", "1")


def sweep() -> None:
    """Remove what runs of the tests that were killed have left."""
    listed = subprocess.check_output(["docker", "compose", "ls", "--all", "--quiet"], text=True)
    for name in listed.split():
        owner = re.match(rf"{PROJECT}(\d+)-", name)
        if owner and not psutil.pid_exists(int(owner[1])):
            down = ["docker", "compose", "--project-name", name, "down", "--volumes"]
            subprocess.run([*down, "--timeout", "1"], check=True, capture_output=True, timeout=120)


def cannot_come_up(engine: docker.DockerClient) -> str:
    """Why this machine cannot run compose.yaml; empty when it can."""
    command = ["docker", "compose", "version"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.CalledProcessError):
        return "`docker compose` is not installed"
    missing = [image for image in AROUND if not images.here(engine, image)]
    return f"images are missing: {', '.join(missing)}" if missing else ""


def logged_in(edge: httpx.Client, email: str) -> dict[str, Any]:
    """Somebody new, whose token `edge` sends from now on."""
    body = {"email": email, "password": PASSWORD, "full_name": "Ada Lovelace"}
    user: dict[str, Any] = edge.post("/api/v1/users", json=body).raise_for_status().json()["data"]
    login = edge.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
    token = login.raise_for_status().json()["data"]["access_token"]
    edge.headers["Authorization"] = f"Bearer {token}"
    return user


class Traffic:
    """Requests of a few kinds, in turn and in two threads, for as long as the block lasts."""

    def __init__(self, *requests: Callable[[], httpx.Response]) -> None:
        self.answers: Counter[int | str] = Counter()
        self._requests = requests
        self._stop = threading.Event()
        self._threads = ThreadPoolExecutor(2)

    def __enter__(self) -> Self:
        self._running = [self._threads.submit(self._run) for _ in range(2)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for one in self._running:
            one.result()
        self._threads.shutdown()

    def _run(self) -> None:
        for request in itertools.cycle(self._requests):
            if self._stop.wait(PAUSE_SECONDS):
                return
            try:
                self.answers[request().status_code] += 1
            except httpx.TransportError as broken:
                self.answers[repr(broken)] += 1


def until(happened: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for something that is under way."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)
