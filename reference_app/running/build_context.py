"""What an image of the service is made from, and a name that changes whenever that does."""

import hashlib
import io
import os
import tarfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import reference_app

ROOT = Path(reference_app.__file__).parent.parent
DOCKERFILE = "reference_app/deploy/Dockerfile"
REPOSITORY = "backend-dojo-warden"
SANDBOX_REPOSITORY = "backend-dojo-sandbox"
CERTIFICATES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")


@dataclass(frozen=True)
class BuildContext:
    """The files an image depends on, as they were at one moment: path in the context → content."""

    files: dict[str, bytes]
    repository: str = REPOSITORY

    @property
    def image(self) -> str:
        """Name and tag; the tag is a hash of the files, so that a stale image is never taken."""
        digest = hashlib.sha256()
        for path, content in self.files.items():
            digest.update(f"{path}\0{len(content)}\0".encode() + content)
        return f"{self.repository}:{digest.hexdigest()[:16]}"

    def without(self, modules: Collection[str]) -> "BuildContext":
        """An image for submissions: the modules they are to replace are not in it."""
        left_out = {f"{module.replace('.', '/')}.py" for module in modules}
        files = {path: content for path, content in self.files.items() if path not in left_out}
        return BuildContext(files, SANDBOX_REPOSITORY)

    def archive(self) -> io.BytesIO:
        """A tar file of it, with this machine's extra certificates if it has any."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for path, content in {**self.files, **certificates()}.items():
                member = tarfile.TarInfo(path)  # no owner, no time: layers are recognised
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        buffer.seek(0)
        return buffer


def read() -> BuildContext:
    """The service with its way to be run, and the list of its dependencies."""
    files = [ROOT / "pyproject.toml", *sorted((ROOT / "reference_app").rglob("*"))]
    return BuildContext(
        {
            str(file.relative_to(ROOT)): file.read_bytes()
            for file in files
            if file.is_file() and belongs(file.relative_to(ROOT))
        }
    )


def belongs(path: Path) -> bool:
    """Whether a file is part of the image; of what deploys the service, only the recipe."""
    if "__pycache__" in path.parts:
        return False
    return path.parts[:2] != ("reference_app", "deploy") or str(path) == DOCKERFILE


def certificates() -> dict[str, bytes]:
    """The first certificate bundle the environment names, for a network that needs its own."""
    named = (Path(os.environ[name]) for name in CERTIFICATES if name in os.environ)
    bundle = next((path for path in named if path.is_file()), None)
    return {"ca-bundle.pem": bundle.read_bytes()} if bundle else {}


def build_arguments(base: str) -> dict[str, str]:
    """The base image and the package indexes the environment names."""
    return {"BASE": base, **{name: os.environ[name] for name in INDEXES if name in os.environ}}
