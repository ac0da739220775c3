"""How PostgreSQL is set up for lessons and suites, the same embedded and in containers."""

SUPERUSER = "postgres"
OWNER = "app"
TEMPLATE = "backend_dojo_template"

INITDB = (
    "--encoding=UTF8",
    "--locale-provider=builtin",  # the same order of text everywhere, whatever is installed
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--no-sync",
)

SERVER = (
    "fsync=off",  # survives the death of any process; only a machine's power loss would hurt
    "full_page_writes=off",
    "synchronous_commit=on",
    "max_wal_size=256MB",  # its files may be in memory
    "shared_preload_libraries=pg_stat_statements",
    "pg_stat_statements.track_utility=off",
    "track_activity_query_size=16kB",  # a statement that waits can be read whole
    "max_connections=200",
    "scram_iterations=1",  # passwords here are no secret, or 192 random bits: nothing to stretch
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
)


def server_arguments(**more: str) -> list[str]:
    """The settings as `-c name=value` pairs, with `more` of them."""
    settings = [*SERVER, *(f"{name}={value}" for name, value in more.items())]
    return [word for setting in settings for word in ("-c", setting)]
