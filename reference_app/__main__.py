"""`python -m reference_app COMMAND`: every way to start something."""

import argparse
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from reference_app.config import ConfigurationError, load_settings


def main(argv: Sequence[str] | None = None, *, listener: socket.socket | None = None) -> None:
    """Run one command; `listener` is a socket that listens already, for `serve` to use.

    A configuration that is wrong is told on standard error, and ends the process with 2.
    """
    arguments = parser().parse_args(argv)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    try:
        settings = load_settings()
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    if arguments.command == "serve":
        from reference_app.serving import serve

        serve(settings, listener)
    elif arguments.command == "migrate":
        migrate(arguments.revision, down=arguments.down)
    elif arguments.command == "rotate-mfa-keys":
        from reference_app.security.key_rotation import rotate_keys

        rotate_keys(settings)
    else:
        from reference_app.seed import seed

        seed(settings, users=arguments.users, orders=arguments.orders)


def end(number: int, _: object) -> NoReturn:
    """End as a signal's default would, which the first process of a container does not have."""
    sys.exit(128 + number)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m reference_app", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="answer HTTP requests until told to stop")
    migrate = commands.add_parser("migrate", help="bring the database schema up to date")
    migrate.add_argument("revision", nargs="?", default="head", help='e.g. 0002 (default: "head")')
    migrate.add_argument("--down", action="store_true", help="undo what came after that revision")
    seed = commands.add_parser("seed", help="fill an empty database with demonstration data")
    seed.add_argument("--users", type=int, default=100)
    seed.add_argument("--orders", type=int, default=1000)
    commands.add_parser("rotate-mfa-keys", help="seal second factors under the newest of MFA_KEYS")
    return parser


def migrate(revision: str, *, down: bool) -> None:
    """Upgrade to `revision`, or `down` to it; nothing happens when the schema is there already."""
    from alembic import command
    from alembic.config import Config

    move = command.downgrade if down else command.upgrade
    move(Config(Path(__file__).with_name("alembic.ini")), revision)


if __name__ == "__main__":
    main()
