"""What a service spends its start on, imported once by a process that waits for work."""

import contextlib
import gc
import importlib
import sys
from collections.abc import Collection, Iterator
from pkgutil import walk_packages

import reference_app
from reference_app.running.dependents import Imports, import_and_record

APPLICATION = "reference_app.serving"
OF_OTHERS = ("reference_app.__main__", "reference_app.running", "reference_app.data.migrations")
"""Modules that the application does not consist of."""

LIBRARIES = (
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "asyncpg",
    "alembic.command",
    "pydantic.v1",
    "pydantic_settings",
    "fastapi",
    "fastapi.openapi.utils",
    "uvloop",
    "httptools",
    "uvicorn",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "uvicorn.lifespan.on",
    "redis.asyncio",
    "limits.aio",
    "valkey.asyncio",
    "jwt",
    "argon2",
    "cryptography.hazmat.primitives.ciphers.aead",
    "pyotp",
    "email_validator",
    "structlog",
    "prometheus_client",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.instrumentation.httpx",
    "opentelemetry.instrumentation.redis",
    "opentelemetry.instrumentation.sqlalchemy",
    "opentelemetry.sdk.trace.export",
    "requests",
    "httpx",
    "stamina",
    "anyio._backends._asyncio",
)


def import_library(name: str) -> None:
    """Import one of them if it is installed; the service itself complains when it must be."""
    with contextlib.suppress(ImportError):
        importlib.import_module(name)


def import_application(without: Collection[str]) -> None:
    """Import every module of the application but some, and but those that lead to them."""
    sys.modules.update(dict.fromkeys(without))  # type: ignore[arg-type]  # None: cannot be imported
    for name in _modules():
        import_library(name)
    for name in without:
        del sys.modules[name]
    _settle()


def _modules() -> Iterator[str]:
    prefix = f"{reference_app.__name__}."
    for module in walk_packages(reference_app.__path__, prefix, onerror=lambda _: None):
        if not module.name.startswith(OF_OTHERS):
            yield module.name


class Preload:
    """Imports the libraries and then the whole application, one step at a time.

    `imported` tells who imported what of the application, once it is there.
    """

    def __init__(self) -> None:
        self._libraries = iter(LIBRARIES)
        self.done = False
        self.imported: Imports = {}

    def step(self) -> None:
        """Import the next one."""
        library = next(self._libraries, None)
        if library is not None:
            import_library(library)
            return
        self.imported = import_and_record(APPLICATION)
        _settle()
        self.done = True


def _settle() -> None:
    """Do now what is dear when it is done first, and keep the collector from pages we share."""
    from sqlalchemy.orm import configure_mappers

    configure_mappers()
    if (config := sys.modules.get("reference_app.config")) is not None:
        with contextlib.suppress(ValueError):  # nothing is set here: it says so, and has warmed up
            config.Settings()
    gc.freeze()
