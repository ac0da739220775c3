"""What an image of the service is made from, and a name that changes whenever that does."""

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import reference_app

ROOT = Path(reference_app.__file__).parent.parent
DOCKERFILE = "reference_app/deploy/Dockerfile"
REPOSITORY = "backend-dojo-service"
CERTIFICATES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")


def sources() -> Iterator[Path]:
    """The files an image depends on: the service with its way to be run, and its dependencies."""
    yield ROOT / "pyproject.toml"
    for file in sorted((ROOT / "reference_app").rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file


def image_name() -> str:
    """Name and tag; the tag is a hash of the sources, so that a stale image is never taken."""
    digest = hashlib.sha256()
    for file in sources():
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return f"{REPOSITORY}:{digest.hexdigest()[:16]}"


def archive() -> io.BytesIO:
    """The build context as a tar file, with this machine's extra certificates if it has any."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for file in sources():
            tar.add(file, str(file.relative_to(ROOT)), filter=without_owner)
        for bundle in certificates():
            tar.add(bundle, "ca-bundle.pem", filter=without_owner)
    buffer.seek(0)
    return buffer


def certificates() -> list[Path]:
    """The first certificate bundle the environment names, for a network that needs its own."""
    named = (Path(os.environ[name]) for name in CERTIFICATES if name in os.environ)
    return [bundle.resolve() for bundle in named if bundle.is_file()][:1]


def build_arguments(base: str) -> dict[str, str]:
    """The base image and the package indexes the environment names."""
    return {"BASE": base, **{name: os.environ[name] for name in INDEXES if name in os.environ}}


def without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """The same entry for everybody, so that the engine's layer cache recognises it."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    member.mode = 0o755 if member.mode & 0o100 else 0o644
    return member
