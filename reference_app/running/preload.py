"""What a service spends its start on, imported once by a process that waits for work."""

import contextlib
import gc
import importlib

from reference_app.running.dependents import Imports, import_and_record

APPLICATION = "reference_app.serving"

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


class Preload:
    """Imports the libraries and then the application, one step at a time.

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
        gc.freeze()  # children share these pages: the collector must not touch them
        self.done = True
