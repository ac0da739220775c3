"""Configuration from the environment: one class, checked completely before anything starts (X1)."""

from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

Seconds = Annotated[float, Field(gt=0, le=300)]


class ConfigurationError(Exception):
    """The environment does not describe a service; the message names every wrong variable.

    It holds names and reasons, never values: a value may be a secret (H5).
    """


class Settings(BaseSettings):
    """Every setting, its unit and its bounds. The variable is the field's name in capitals."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    database_url: SecretStr
    redis_url: SecretStr
    secret_key: SecretStr

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    trusted_proxies: str = ""
    log_level: Annotated[str, Field(pattern="^(debug|info|warning|error|critical)$")] = "info"
    shutdown_seconds: Annotated[int, Field(ge=1, le=300)] = 10

    token_issuer: Annotated[str, Field(min_length=1)] = "backend-dojo"  # noqa: S105 - a name
    token_audience: Annotated[str, Field(min_length=1)] = "backend-dojo-api"  # noqa: S105
    token_leeway_seconds: Annotated[int, Field(ge=0, le=60)] = 5
    access_token_seconds: Annotated[int, Field(ge=1, le=3600)] = 900
    refresh_token_seconds: Annotated[int, Field(ge=1, le=2_592_000)] = 604_800

    password_memory_kib: Annotated[int, Field(ge=1024, le=1_048_576)] = 19_456
    password_time_cost: Annotated[int, Field(ge=1, le=20)] = 2
    password_parallelism: Annotated[int, Field(ge=1, le=16)] = 1

    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    database_pool_overflow: Annotated[int, Field(ge=0, le=200)] = 5
    database_pool_timeout_seconds: Seconds = 2.0
    database_connect_timeout_seconds: Seconds = 3.0
    database_statement_timeout_seconds: Seconds = 5.0

    redis_timeout_seconds: Seconds = 0.25
    cache_ttl_seconds: Annotated[int, Field(ge=1, le=86_400)] = 300

    body_limit_bytes: Annotated[int, Field(ge=1024, le=104_857_600)] = 65_536
    login_attempts_per_account: str = "10/minute"
    login_attempts_per_address: str = "100/minute"

    @field_validator("database_url")
    @classmethod
    def _asyncpg_url(cls, value: SecretStr) -> SecretStr:
        try:
            url = make_url(value.get_secret_value())
        except ArgumentError:
            raise ValueError("is not a database address") from None
        if url.get_backend_name() != "postgresql" or not url.database:
            raise ValueError("must look like postgresql://HOST:PORT/NAME, with user and password")
        return SecretStr(
            url.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)
        )

    @field_validator("redis_url")
    @classmethod
    def _redis_url(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("redis://", "rediss://")):
            raise ValueError("must start with redis:// or rediss://")
        return value

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value().encode()) < 32:
            raise ValueError("must be at least 32 bytes, as RFC 7518 section 3.2 asks for HS256")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("login_attempts_per_account", "login_attempts_per_address")
    @classmethod
    def _rate(cls, value: str) -> str:
        from limits import parse

        try:
            parse(value)
        except ValueError:
            raise ValueError('must look like "10/minute"') from None
        return value


def load_settings() -> Settings:
    """Settings from the environment as it is now. Raises ConfigurationError naming all faults."""
    try:
        return Settings()  # type: ignore[call-arg]  # the environment gives the arguments
    except ValidationError as invalid:
        lines = [
            f"  {'_'.join(map(str, error['loc'])).upper()}: {_reason(error['type'], error['msg'])}"
            for error in invalid.errors(include_input=False, include_url=False)
        ]
        raise ConfigurationError("\n".join(["The configuration is wrong:", *lines])) from None


def _reason(kind: str, message: str) -> str:
    return "is not set" if kind == "missing" else message.removeprefix("Value error, ")
