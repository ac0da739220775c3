"""What an engine says is passed on, and images are got in the order in which they are needed."""

import errno
import os
from typing import Any

import docker.errors  # type: ignore[import-untyped]
import pytest

from reference_app.running import BackendUnavailable, NoEngine, build_context, images


def refusing(error: OSError) -> Any:
    """What stands for an engine that cannot be reached."""

    def client(**_: object) -> None:
        try:
            raise error
        except OSError as cause:
            raise docker.errors.DockerException("while fetching server API version") from cause

    return client


def refused(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize("number", [errno.ECONNREFUSED, errno.ENOENT])
def test_without_an_engine_it_is_said_what_happened(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "DockerClient", refusing(refused(number)))
    with pytest.raises(NoEngine, match=f"no container engine answers: {os.strerror(number)}"):
        images.engine()


def test_an_engine_that_refuses_this_user_is_not_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "DockerClient", refusing(refused(errno.EACCES)))
    with pytest.raises(BackendUnavailable, match="may not use it: Permission denied") as raised:
        images.engine()
    assert not isinstance(raised.value, NoEngine)


def test_the_image_for_submissions_is_prepared_in_place_of_the_services(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    monkeypatch.setattr(images, "engine", lambda: None)
    monkeypatch.setattr(images, "here", lambda *_: False)
    monkeypatch.setattr(images, "pull", lambda *_: None)
    monkeypatch.setattr(images, "build_from", lambda *_: None)
    images.prepare(told.append, without=["reference_app.data.orders"])
    image = build_context.read().without(["reference_app.data.orders"]).image
    assert told == [
        f"pulling {images.POSTGRES}",
        f"pulling {images.CACHE}",
        f"building {image}",
    ]
