"""What the text of a setting has to look like, where its type does not say so (X1).

Each function gives the value back, or raises ValueError with what to write instead. It refuses
what would be taken for something else later: half a value, or an option that only fails once it
is used. No message quotes the value, which may hold a secret (H5).
"""

import re
from ipaddress import ip_network

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[1-9][0-9]{0,4})?")
"""An origin as browsers send it: no path, no capitals. `*` would be everybody, and `null` is what
any page in a sandbox says of itself."""

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
OPTIONS = ("host", "port", "prepared_statement_cache_size", "ssl", "target_session_attrs")
"""What may follow the `?` of a database's address: the driver takes others, but not as text."""


def rate(value: str) -> str:
    """One rate. `limits` would read several, and use the first."""
    from limits import parse_many

    try:
        rates = parse_many(value)
    except ValueError:
        rates = []
    if len(rates) != 1 or 0 in map(int, re.findall(r"[0-9]+", value)):
        raise ValueError('must be one rate, its numbers 1 or more, such as "10/minute"')
    return value


def networks(value: str) -> str:
    """Addresses and networks."""
    for part in value.split(",") if value else ():
        try:
            ip_network(part.strip())
        except ValueError:
            raise ValueError("must be addresses or networks, comma separated") from None
    return value


def origins(value: str) -> str:
    """Origins of pages."""
    if not all(ORIGIN.fullmatch(part) for part in value.split(",") if value):
        raise ValueError('must look like "https://app.example.com", comma separated')
    return value


def database_address(value: str) -> str:
    """A PostgreSQL database, with the name of the driver put into the address."""
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise ValueError("is not a database address") from None
    if url.get_backend_name() != "postgresql" or not url.database:
        raise ValueError("must look like postgresql://HOST:PORT/NAME, with user and password")
    if not url.query.keys() <= set(OPTIONS):
        raise ValueError(
            f'may have these options only: {", ".join(OPTIONS)}; "sslmode" is "ssl=require" here'
        )
    if url.query.get("ssl", "require") not in SSL_MODES:
        raise ValueError(f"must have one ssl option, of {', '.join(SSL_MODES)}")
    return url.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)
