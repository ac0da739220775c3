"""The container images: whether an engine answers, what is there, and how to get the rest.

`python -m reference_app.running.images` tells; with `--build` it gets what is missing.
"""

import argparse
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import docker  # type: ignore[import-untyped]
import docker.errors  # type: ignore[import-untyped]
from testcontainers.core.docker_client import DockerClient

from reference_app.running import build_context
from reference_app.running.build_context import DOCKERFILE, REPOSITORY, BuildContext
from reference_app.running.errors import BackendUnavailable, NoEngine

POSTGRES = "postgres:18"
CACHE = "valkey/valkey:9"
BASES = ("python:3.13-slim", "python:3.14-slim", "python:3.12-slim", "python:3.11-slim")
STAGE = "warden"
ENGINE_SECONDS = 1
KEEP = timedelta(days=1)


def engine() -> docker.DockerClient:
    """A client of the container engine, which answers within 1 s.

    Raises NoEngine, or BackendUnavailable when there is one and it refuses this user.
    """
    try:
        client = DockerClient(timeout=ENGINE_SECONDS).client
        client.ping()
    except (docker.errors.DockerException, OSError) as error:
        said = [each.strerror for each in causes(error) if isinstance(each, OSError)]
        words = next(filter(None, reversed(said)), error)
        if any(isinstance(each, PermissionError) for each in causes(error)):
            raise BackendUnavailable(
                f"a container engine is here, but this user may not use it: {words} "
                "(as a rule, members of the group “docker” may)"
            ) from error
        raise NoEngine(f"no container engine answers: {words}") from error
    client.api.timeout = docker.constants.DEFAULT_TIMEOUT_SECONDS
    return client


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what brought it about, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def here(client: docker.DockerClient, image: str) -> bool:
    """Whether the engine has that image."""
    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        return False
    return True


def missing(client: docker.DockerClient) -> list[str]:
    """The images the containers need and the engine does not have."""
    return [
        image for image in (POSTGRES, CACHE, build_context.read().image) if not here(client, image)
    ]


def stale(client: docker.DockerClient) -> bool:
    """Whether an image of an older state of the service is here, so that a build is quick."""
    return bool(client.images.list(REPOSITORY))


@dataclass(frozen=True)
class EngineStatus:
    """What containers would find on this machine, in words."""

    ready: bool
    summary: str
    advice: str = ""


def engine_status() -> EngineStatus:
    """Whether an engine answers and has all images; never raises."""
    try:
        client = engine()
    except BackendUnavailable as error:
        return EngineStatus(
            ready=False, summary=str(error), advice="Not needed: embedded servers do the same."
        )
    absent = missing(client)
    only_stale = absent == [build_context.read().image] and stale(client)
    if absent and not only_stale:
        return EngineStatus(
            ready=False,
            summary=f"a container engine answers, but images are missing: {', '.join(absent)}",
            advice="`dojo doctor --fix` gets them.",
        )
    return EngineStatus(ready=True, summary="a container engine answers and has the images")


def prepare(
    report: Callable[[str], None], base: str | None = None, *, without: Collection[str] = ()
) -> None:
    """Pull and build what is missing, telling `report` what is being done, a line at a time.

    `without` makes the image for submissions that are to replace one of these modules.

    Raises BackendUnavailable with the engine's own words, or NoEngine.
    """
    client = engine()
    context = build_context.read().without(without) if without else build_context.read()
    for image in (POSTGRES, CACHE):
        if not here(client, image):
            report(f"pulling {image}")
            pull(client, image)
    if not here(client, context.image):
        report(f"building {context.image}")
        build_from(client, context, base)


def pull(client: docker.DockerClient, image: str) -> None:
    """Fetch an image from its registry."""
    try:
        client.images.pull(image)
    except docker.errors.APIError as error:
        raise BackendUnavailable(f"{image} cannot be pulled: {error.explanation}") from error


def build(client: docker.DockerClient) -> str:
    """Build the service's image unless it is here, and remove old ones. Answers its name."""
    return build_from(client, build_context.read())


def build_without(client: docker.DockerClient, modules: Collection[str]) -> str:
    """The same of the image for submissions that are to replace one of `modules`."""
    return build_from(client, build_context.read().without(modules))


def build_from(client: docker.DockerClient, context: BuildContext, base: str | None = None) -> str:
    """Build the image of a context unless it is here, and remove old ones. Answers its name."""
    image = context.image
    if here(client, image):
        return image
    build_stage(client, context, STAGE, image, base)
    remove_old(client, image)
    return image


def build_stage(
    client: docker.DockerClient,
    context: BuildContext,
    stage: str,
    name: str,
    base: str | None = None,
) -> None:
    """Build one stage of the service's Dockerfile as the image `name`."""
    if base is None:
        base = next((candidate for candidate in BASES if here(client, candidate)), BASES[0])
    try:
        client.images.build(
            fileobj=context.archive(),
            custom_context=True,
            dockerfile=DOCKERFILE,
            target=stage,
            tag=name,
            buildargs=build_context.build_arguments(base),
            network_mode="host",
            forcerm=True,
        )
    except docker.errors.BuildError as error:
        log = "".join(line.get("stream", "") for line in error.build_log)
        raise BackendUnavailable(f"The service's image cannot be built:\n{log}") from error
    except docker.errors.APIError as error:
        raise BackendUnavailable(f"The service's image cannot be built: {error}") from error


def remove_old(client: docker.DockerClient, newest: str) -> None:
    """Remove older images of the same repository, made more than a day ago and not in use."""
    latest = (datetime.now(UTC) - KEEP).isoformat()
    for image in client.images.list(newest.split(":")[0]):
        if newest not in image.tags and image.attrs["Created"] < latest:
            try:
                client.images.remove(image.id)
            except docker.errors.APIError:
                continue  # a container still uses it


def main() -> None:
    """Exit status 0 when all images are here, 1 when some are missing, 2 without an engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", action="store_true", help="pull and build what is missing")
    parser.add_argument("--base", help="Python image to build the service on")
    arguments = parser.parse_args()
    try:
        if arguments.build:
            prepare(print, arguments.base)
        absent = missing(engine())
    except BackendUnavailable as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    for image in absent:
        print(f"missing: {image}")
    sys.exit(1 if absent else 0)


if __name__ == "__main__":
    main()
