"""X2, H5: the image of the service, built as for production and looked at from outside."""

import io
import json
import re
import tarfile
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import docker  # type: ignore[import-untyped]
import httpx
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement

from reference_app.running import build_context, images

IMAGE = "backend-dojo:test"
BILL = "backend-dojo-bill:test"
SECOND = 1_000_000_000
MEGABYTE = 1_000_000
ENVIRONMENT = {
    "DATABASE_URL": "postgresql://app:made-up@127.0.0.1:1/dojo",  # pragma: allowlist secret
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "made up for a container that lives for seconds",  # pragma: allowlist secret
}
HARDENED: dict[str, Any] = {
    "read_only": True,
    "tmpfs": {"/tmp": "size=16m"},  # noqa: S108 - a path in the container
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "healthcheck": {"interval": SECOND, "timeout": 5 * SECOND, "retries": 1},
}
SECRET_FILES = re.compile(r"(^|/)(ca-bundle\.pem|\.env|\.git|\.netrc|pip\.conf|id_\w+|.*\.key)$")
SECRET_TEXTS = re.compile(rb"PRIVATE KEY-----\s+[\w+/]{40}|PIP_INDEX_URL=\S|SECRET_KEY=\S")


@pytest.fixture(scope="module")
def image(engine: docker.DockerClient) -> Any:
    images.build_stage(engine, build_context.read(), "service", IMAGE)
    return engine.images.get(IMAGE)


@contextmanager
def running(engine: docker.DockerClient) -> Iterator[Any]:
    """The image as it should be run, with nothing it could connect to."""
    container = engine.containers.run(
        IMAGE, detach=True, environment=ENVIRONMENT, ports={8000: ("127.0.0.1", None)}, **HARDENED
    )
    try:
        until(lambda: state(container)["Health"]["Status"] == "healthy")
        yield container
    finally:
        container.remove(force=True)


def state(container: Any) -> dict[str, Any]:
    container.reload()
    found: dict[str, Any] = container.attrs["State"]
    return found


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def python(engine: docker.DockerClient, source: str) -> Any:
    """What a Python program prints in the image, read as JSON."""
    printed = engine.containers.run(
        IMAGE, ["-c", source], entrypoint="python", remove=True, network_disabled=True
    )
    return json.loads(printed)


def layers(image: Any) -> list[tarfile.TarFile]:
    """The file systems an image is stacked from, with what later layers hide."""
    saved = io.BytesIO(b"".join(image.save()))
    whole = tarfile.open(fileobj=saved)  # noqa: SIM115 - its members are read by the caller
    [manifest] = json.loads(whole.extractfile("manifest.json").read())  # type: ignore[union-attr]
    return [tarfile.open(fileobj=whole.extractfile(name)) for name in manifest["Layers"]]


def secrets_in(own_layers: list[tarfile.TarFile]) -> list[str]:
    """Files of the layers that are or hold something secret."""
    found = []
    for layer in own_layers:
        for member in layer.getmembers():
            content = layer.extractfile(member).read() if member.isfile() else b""  # type: ignore[union-attr]  # a file has one
            if SECRET_FILES.search(member.name) or SECRET_TEXTS.search(content):
                found.append(member.name)
    return found


@pytest.mark.spec("X2")
def test_it_serves_without_rights_on_a_file_system_it_cannot_write_to(
    engine: docker.DockerClient, image: Any
) -> None:
    user = image.attrs["Config"]["User"].split(":")[0]
    assert user.isdigit() and int(user) > 0, "an orchestrator can check a number, not a name"
    with running(engine) as container:
        port = container.ports["8000/tcp"][0]["HostPort"]
        assert httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).status_code == 200
        assert container.exec_run(["id", "-u"]).output.decode().strip() == user
        assert b"Read-only" in container.exec_run(["touch", "/app/x"]).output
        assert container.exec_run(["touch", "/tmp/x"]).exit_code == 0  # noqa: S108


@pytest.mark.spec("X2")
def test_its_health_check_notices_a_process_that_hangs(
    engine: docker.DockerClient, image: Any
) -> None:
    assert image.attrs["Config"]["Healthcheck"]["Interval"] <= 30 * SECOND
    with running(engine) as container:
        container.kill("SIGSTOP")
        until(lambda: state(container)["Health"]["Status"] == "unhealthy")


@pytest.mark.spec("X2")
@pytest.mark.usefixtures("image")
def test_a_signal_reaches_the_service_itself(engine: docker.DockerClient) -> None:
    with running(engine) as container:
        command = container.top()["Processes"][0]
        assert "reference_app serve" in " ".join(command)
        started = time.monotonic()
        container.kill("SIGTERM")
        ended = container.wait(timeout=60)
        assert time.monotonic() - started < 15, "in bounded time"
        assert ended["StatusCode"] == 0
        assert b"Application shutdown complete" in container.logs()


@pytest.mark.spec("X2")
@pytest.mark.usefixtures("image")
def test_it_holds_the_service_and_nothing_that_only_developers_need(
    engine: docker.DockerClient,
) -> None:
    installed = python(
        engine,
        "import importlib.metadata as m, json;"
        "print(json.dumps([d.name.lower() for d in m.distributions()]))",
    )
    extras = tomllib.loads((build_context.ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    kit = {Requirement(wanted).name.lower() for extra in extras.values() for wanted in extra}
    needed_by_the_exporter = {"opentelemetry-proto"}
    unwanted = kit - needed_by_the_exporter | {"pip", "setuptools", "wheel"}
    assert set(installed) & unwanted == set()
    modules = python(engine, "import json, os; print(json.dumps(os.listdir('/app/reference_app')))")
    assert "application.py" in modules
    assert not {"running", "deploy", "tests"} & set(modules)
    tools = python(
        engine,
        "import json, shutil; print(json.dumps([t for t in"
        " ('gcc', 'cc', 'make', 'git', 'curl', 'wget', 'psql') if shutil.which(t)]))",
    )
    assert tools == []


@pytest.mark.spec("X2")
def test_it_adds_little_to_the_image_it_stands_on(engine: docker.DockerClient, image: Any) -> None:
    added = [layer["Size"] for layer in image.history()]
    base = next(name for name in images.BASES if images.here(engine, name))
    own = image.attrs["Size"] - engine.images.get(base).attrs["Size"]
    assert own < 150 * MEGABYTE
    code = sum(size for size in added if size < 5 * MEGABYTE)
    assert code < 5 * MEGABYTE, "a change of the code moves a small layer alone"


@pytest.mark.spec("H5")
def test_no_layer_of_it_holds_a_secret(engine: docker.DockerClient, image: Any) -> None:
    base = next(name for name in images.BASES if images.here(engine, name))
    below = len(engine.images.get(base).attrs["RootFS"]["Layers"])
    assert secrets_in(layers(image)[below:]) == []
    told = json.dumps([image.attrs["Config"]["Env"], image.history()])
    assert not [name for name in (*ENVIRONMENT, "PIP_", "PASSWORD") if name in told]


@pytest.mark.spec("H5")
def test_a_secret_that_a_later_layer_removes_is_found(engine: docker.DockerClient) -> None:
    files = {
        "Dockerfile": b"FROM scratch\nCOPY key /app/key\nCOPY Dockerfile /app/key\n",
        "key": b"-----BEGIN PRIVATE KEY-----\n" + b"A" * 64,  # pragma: allowlist secret
    }
    context = build_context.BuildContext(files)
    careless, _ = engine.images.build(fileobj=context.archive(), custom_context=True)
    try:
        assert secrets_in(layers(careless)) == ["app/key"]
    finally:
        engine.images.remove(careless.id)


@pytest.mark.spec("X2")
@pytest.mark.usefixtures("image")
def test_its_bill_of_materials_is_valid_and_complete(engine: docker.DockerClient) -> None:
    images.build_stage(engine, build_context.read(), "bill", BILL)
    container = engine.containers.create(BILL)
    try:
        chunks, _ = container.get_archive("/bill.cdx.json")
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
            text = archive.extractfile("bill.cdx.json").read().decode()  # type: ignore[union-attr]
    finally:
        container.remove()
    bill = json.loads(text)
    check = JsonStrictValidator(SchemaVersion.from_version(bill["specVersion"]))
    assert check.validate_str(text) is None
    assert check.validate_str(json.dumps({**bill, "bomFormat": "a list"})) is not None
    listed = {(one["name"], one["version"]) for one in bill["components"]}
    installed = python(
        engine,
        "import importlib.metadata as m, json;"
        "print(json.dumps([(d.name, d.version) for d in m.distributions()]))",
    )
    assert listed == set(map(tuple, installed))
    assert all(one["purl"].startswith("pkg:pypi/") for one in bill["components"])
