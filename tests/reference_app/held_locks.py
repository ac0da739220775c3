"""What a migration keeps from others, and for how long."""

import time
from dataclasses import dataclass, field
from typing import Any

import psycopg


@dataclass
class Locks:
    """How long a session of the migration held each kind of lock on the table without a break."""

    watcher: psycopg.Connection[dict[str, Any]]
    longest: dict[str, float] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)

    def look(self) -> None:
        held = self.watcher.execute(
            "SELECT DISTINCT mode FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE granted"
            " AND relation = 'users'::regclass AND application_name = 'reference_app migrate'"
        )
        now = time.monotonic()
        self.since = {row["mode"]: self.since.get(row["mode"], now) for row in held}
        for mode, since in self.since.items():
            self.longest[mode] = max(self.longest.get(mode, 0.0), now - since)
