"""Where the two servers are reached, from this process or from a service, and as whom."""

from dataclasses import dataclass, field

from reference_app.running.postgres_settings import OWNER, SUPERUSER


@dataclass(frozen=True)
class Login:
    """Who connects to a server. Passwords are made of what needs no quoting in a URL."""

    user: str
    password: str = field(repr=False)


APPLICATION = Login(OWNER, OWNER)
ADMINISTRATOR = Login(SUPERUSER, SUPERUSER)


@dataclass(frozen=True)
class Addresses:
    """One host with both servers on it."""

    host: str
    postgres_port: int
    cache_port: int

    def database_url(self, name: str, login: Login) -> str:
        """libpq URL of a database for somebody."""
        who = f"{login.user}:{login.password}"
        return f"postgresql://{who}@{self.host}:{self.postgres_port}/{name}"

    def cache_url(self, number: int, login: Login | None = None) -> str:
        """URL of one of the cache's numbered databases; without a login for everybody."""
        who = f"{login.user}:{login.password}@" if login else ""
        return f"redis://{who}{self.host}:{self.cache_port}/{number}"
