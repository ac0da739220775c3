"""Where the two servers are reached, from this process or from a service."""

from dataclasses import dataclass

from reference_app.running.postgres_settings import OWNER, SUPERUSER


@dataclass(frozen=True)
class Addresses:
    """One host with both servers on it; a role's password is its name."""

    host: str
    postgres_port: int
    cache_port: int

    def database_url(self, name: str, *, superuser: bool = False) -> str:
        """libpq URL of a database, as its owner or as the superuser."""
        user = SUPERUSER if superuser else OWNER
        return f"postgresql://{user}:{user}@{self.host}:{self.postgres_port}/{name}"

    def cache_url(self, number: int) -> str:
        """URL of one of the cache's numbered databases."""
        return f"redis://{self.host}:{self.cache_port}/{number}"
