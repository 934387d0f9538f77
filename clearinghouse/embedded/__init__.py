"""PostgreSQL and Valkey from their wheels, for development, demo and tests.

The first process that needs them starts them, the last one stops them. Killed processes, stale
pid files and interrupted first starts are taken in stride. Production brings its own servers.
"""

import atexit
import os
from dataclasses import dataclass
from urllib.parse import quote

from clearinghouse.embedded import postgres, valkey
from clearinghouse.embedded.home import Home, find_home
from clearinghouse.embedded.keeper import Keeper


class EmbeddedRefused(Exception):
    """The embedded servers are not for production."""


@dataclass(frozen=True, slots=True)
class Services:
    """Where the running servers are reached; socket folders are percent-encoded."""

    database_url: str
    owner_database_url: str
    partner_database_url: str
    broker_url: str
    result_url: str
    cache_url: str


_held: tuple[Home, Keeper] | None = None


def ensure_running() -> Services:
    """Start what does not run and keep it for the life of this process; call it as often as liked.

    :raises EmbeddedRefused: ``CLEARINGHOUSE_ENV`` says production.
    :raises StartFailed: a server did not come up; the text says where its log is.
    """
    global _held
    if os.environ.get("CLEARINGHOUSE_ENV") == "production":
        raise EmbeddedRefused(
            "Production does not run the embedded servers: set DATABASE_URL and REDIS_URL"
        )
    if _held is None:
        home = find_home()
        _held = home, Keeper(home)
        atexit.register(_leave, *_held)
    home, keeper = _held
    with keeper.alone():
        keeper.hold()
        postgres.ensure(home)
        valkey.ensure(home)
    return _services(home)


def _leave(home: Home, keeper: Keeper) -> None:
    """Let go; stop the servers when nobody else holds on to them."""
    with keeper.alone():
        if keeper.is_last():
            postgres.stop(home)
            valkey.stop(home)


def _services(home: Home) -> Services:
    folder = quote(str(home.sockets), safe="")
    socket = home.valkey_socket

    def database(role: str) -> str:
        return f"postgres://clearinghouse_{role}@{folder}/{postgres.DATABASE}"

    return Services(
        database_url=database("app"),
        owner_database_url=database("owner"),
        partner_database_url=database("partner"),
        broker_url=f"redis+socket://{socket}?virtual_host=0",
        result_url=f"redis+socket://{socket}?virtual_host=1",
        cache_url=f"unix://{socket}?db=2",
    )
