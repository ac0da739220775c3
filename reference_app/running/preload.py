"""The libraries a service spends its start on, imported once by a process that waits for work.

Only third-party packages: nothing of `reference_app`, so that each service imports its own.
"""

import contextlib
import importlib

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
