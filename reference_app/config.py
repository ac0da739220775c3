"""Configuration from the environment: one class, checked completely before anything starts (X1).

A secret may stand in a file instead, as container platforms mount them: `SECRET_KEY_FILE` names
the file that has the SECRET_KEY (H5). No `.env` file is read, and nothing is read at import.
"""

import os
import re
from base64 import b64decode
from collections.abc import Mapping, Set
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, HttpUrl, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from reference_app.setting_formats import database_address, networks, origins, rate

Seconds = Annotated[float, Field(gt=0, le=300)]
Rate = Annotated[str, AfterValidator(rate)]
Networks = Annotated[str, AfterValidator(networks)]
Origins = Annotated[str, AfterValidator(origins)]

PLACEHOLDER = re.compile(
    r"change.?(me|this|it)|your.?(secret|key)|placeholder|insecure|example", re.IGNORECASE
)
"""What secrets look like that were copied from a manual."""


class ConfigurationError(Exception):
    """The environment does not describe a service; the message names every wrong variable.

    It holds names and reasons, never values: a value may be a secret (H5).
    """


class Settings(BaseSettings):
    """Every setting, its unit and its bounds. The variable is the field's name in capitals.

    `mfa_keys` are base64, comma separated, the newest first; without any, nobody can set up MFA.
    `export_database_url` leads past the pooler, if there is one; without it, exports use the other.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    database_url: SecretStr
    export_database_url: SecretStr | None = None
    redis_url: SecretStr
    secret_key: SecretStr
    mfa_keys: SecretStr | None = None

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    trusted_proxies: Networks = ""
    cors_origins: Origins = ""
    log_level: Annotated[str, Field(pattern="^(debug|info|warning|error|critical)$")] = "info"
    shutdown_delay_seconds: Annotated[float, Field(ge=0, le=60)] = 0
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
    database_statement_timeout_seconds: Annotated[float, Field(ge=0.001, le=300)] = 5.0
    exports_at_once: Annotated[int, Field(ge=1, le=100)] = 4

    redis_timeout_seconds: Seconds = 0.25
    cache_ttl_seconds: Annotated[int, Field(ge=1, le=86_400)] = 300

    payment_url: HttpUrl | None = None
    outbound_connect_seconds: Seconds = 1.0
    outbound_try_seconds: Seconds = 2.0
    outbound_deadline_seconds: Seconds = 6.0
    outbound_calls_at_once: Annotated[int, Field(ge=1, le=1000)] = 20
    breaker_failures: Annotated[int, Field(ge=1, le=1000)] = 5
    breaker_seconds: Seconds = 10.0

    body_limit_bytes: Annotated[int, Field(ge=1024, le=104_857_600)] = 65_536
    rate_limit_read: Rate = "600/minute"
    rate_limit_write: Rate = "120/minute"
    rate_limit_register: Rate = "20/minute"
    rate_limit_export: Rate = "10/minute"
    login_attempts_per_account: Rate = "10/minute"
    login_attempts_per_address: Rate = "100/minute"

    otel_exporter_otlp_endpoint: Annotated[str, Field(pattern=r"^(https?://[^\s/?#]+\S*)?$")] = ""
    otel_traces_sampler_arg: Annotated[float, Field(ge=0, le=1)] = 1.0

    @field_validator("database_url", "export_database_url")
    @classmethod
    def _asyncpg_url(cls, value: SecretStr | None) -> SecretStr | None:
        return value and SecretStr(database_address(value.get_secret_value()))

    @field_validator("redis_url")
    @classmethod
    def _redis_url(cls, value: SecretStr) -> SecretStr:
        try:
            url = urlsplit(value.get_secret_value())
            whole = url.scheme in ("redis", "rediss") and url.hostname and url.port
        except ValueError:
            whole = False
        if not whole:
            raise ValueError("must look like redis://HOST:PORT/NUMBER, with user and password")
        return value

    @field_validator("secret_key")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value()
        if len(key.encode()) < 32:
            raise ValueError("must be at least 32 bytes, as RFC 7518 section 3.2 asks for HS256")
        if PLACEHOLDER.search(key) or _is_no_random_key(key.encode()):
            raise ValueError("is easily guessed; `openssl rand -base64 48` makes a good one")
        return value

    @field_validator("mfa_keys")
    @classmethod
    def _keys_for_aes_256(cls, value: SecretStr | None) -> SecretStr | None:
        for text in [] if value is None else value.get_secret_value().split(","):
            try:
                key = b64decode(text, validate=True)
            except ValueError:
                key = b""
            if len(key) != 32 or _is_no_random_key(key):
                raise ValueError("must be keys that `openssl rand -base64 32` made, and commas")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value


SECRETS = [
    name.upper()
    for name, field in Settings.model_fields.items()
    if SecretStr in (field.annotation, *get_args(field.annotation))
]
VARIABLES = {name.upper() for name in Settings.model_fields} | {f"{name}_FILE" for name in SECRETS}


def load_settings() -> Settings:
    """Settings from the environment as it is now. Raises ConfigurationError naming all faults."""
    given = {name.upper(): value for name, value in os.environ.items()}
    values, faults = _secrets_in_files(given)
    faults |= _misspelt(given.keys())
    try:
        settings = Settings(**values)
    except ValidationError as invalid:
        for error in invalid.errors(include_input=False, include_url=False):
            name = "_".join(map(str, error["loc"])).upper()
            if error["type"] != "missing":
                faults[name] = error["msg"].removeprefix("Value error, ")
            elif f"{name}_FILE" not in faults:
                faults[name] = "is not set"
    if faults:
        lines = [f"  {name}: {reason}" for name, reason in faults.items()]
        raise ConfigurationError("\n".join(["The configuration is wrong:", *lines]))
    return settings


def _secrets_in_files(given: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The secrets that `NAME_FILE` variables lead to, and what is wrong with those variables."""
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name in SECRETS:
        variable = f"{name}_FILE"
        if variable not in given:
            continue
        if name in given:
            faults[variable] = f"is set, and so is {name}; only one of them may be"
            continue
        try:
            values[name.lower()] = Path(given[variable]).read_text("utf-8").strip()
        except OSError as error:
            faults[variable] = f"cannot be read: {error.strerror}"
        except UnicodeDecodeError:
            faults[variable] = "cannot be read: it is not text"
    return values, faults


def _misspelt(given: Set[str]) -> dict[str, str]:
    """Variables that are a letter or two away from one that is not given.

    An environment holds much that is none of ours. So only what is that close is taken for a
    mistake, and short names are left alone: they are alike by chance.
    """
    faults = {}
    for name in sorted(name for name in given - VARIABLES if len(name) > 5):
        absent = [one for one in VARIABLES - given if abs(len(one) - len(name)) <= 2]
        for close in get_close_matches(name, absent, n=1, cutoff=0.85):
            faults[name] = f"is no setting; {close} is"
    return faults


def _is_no_random_key(key: bytes) -> bool:
    """Few different bytes, or one piece over and over again."""
    return len(set(key)) < 8 or key in (key + key)[1:-1]
