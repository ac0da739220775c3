"""The libraries a service spends its start on, imported once by a process that waits for work.

Only third-party packages: nothing of `reference_app`, so that each service imports its own.
"""

LIBRARIES = (
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "asyncpg",
    "alembic.command",
    "pydantic_settings",
    "fastapi",
    "fastapi.openapi.utils",
    "uvloop",
    "httptools",
    "uvicorn",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.lifespan.on",
    "redis.asyncio",
    "limits.aio",
    "jwt",
    "argon2",
    "email_validator",
    "structlog",
)
