"""One HTTP request over a pooled connection, to an address that was checked, until a deadline.

The name stays in the URL, so that connections are pooled and certificates checked by it; only the
connection itself goes to the address that was looked up and judged. httpx limits each single read
and write; a peer that sends a byte now and then would never end. Here each one gets what is left.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from contextvars import ContextVar
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore
import httpx
from django.conf import settings

from roaming.services.webhook_address import UnsafeAddress, resolve

CONNECT_S = 3.0
MOST_CONNECTIONS = 400
# Below the five seconds after which common servers close an idle connection under our feet.
IDLE_S = 4.0
_AT_ONCE = 64 * 1024

# time.monotonic() at which the call of this thread must be over.
_ends_at: ContextVar[float] = ContextVar("outgoing_ends_at")


def time_left() -> float:
    """Seconds until the call of this thread must be over; not below zero."""
    return max(_ends_at.get() - time.monotonic(), 0.0)


class Deadline:
    """``with Deadline(5):`` all that is sent and read in it is over after 5 s."""

    def __init__(self, seconds: float):
        self._seconds = seconds

    def __enter__(self) -> None:
        self._former = _ends_at.set(time.monotonic() + self._seconds)

    def __exit__(self, *what: object) -> None:
        _ends_at.reset(self._former)


def _limit(timeout: float | None, error: type[Exception]) -> float:
    left = time_left()
    if left <= 0:
        raise error("the time for this call is over")
    return left if timeout is None else min(timeout, left)


def _acknowledge_at_once(connection: socket.socket) -> None:
    """A peer that writes head and body apart sends the body once it hears that the head came.

    The kernel takes 40 ms with that word; it forgets the wish, so it is told before each read.
    """
    if hasattr(socket, "TCP_QUICKACK"):  # Linux
        with contextlib.suppress(OSError):  # closed meanwhile: the read says so
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


class _Stream(httpcore.NetworkStream):
    """Passes everything on, with what is left of the time."""

    def __init__(self, inner: httpcore.NetworkStream):
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        limit = _limit(timeout, httpcore.ReadTimeout)
        _acknowledge_at_once(self._inner.get_extra_info("socket"))
        return self._inner.read(max_bytes, limit)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """In pieces that the kernel takes as a whole or not at all before the time is over."""
        view, connection = memoryview(buffer), self._inner.get_extra_info("socket")
        try:
            while view:
                connection.settimeout(_limit(timeout, httpcore.WriteTimeout))
                view = view[connection.send(view[:_AT_ONCE]) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        limit = _limit(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, limit))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Connects to the address that was judged, never to a name.

    ``local_setting`` names the setting by which addresses may be local, read at each connection.
    """

    def __init__(self, local_setting: str) -> None:
        self._inner = httpcore.SyncBackend()
        self._local_setting = local_setting

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        may_be_local = getattr(settings, self._local_setting)
        limit = _limit(timeout, httpcore.ConnectTimeout)
        address = _looked_up(host, port, limit=limit, may_be_local=may_be_local)
        limit = _limit(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(address, port, limit, local_address, socket_options))


def _looked_up(host: str, port: int, *, limit: float, may_be_local: bool) -> str:
    """The address of a name. Asking the resolver knows no time-out: a thread may wait for it.

    :raises httpcore.ConnectTimeout: it takes longer than ``limit`` seconds
    :raises UnsafeAddress: it is an address that no partner may have
    """
    shown = f"[{host}]" if ":" in host else host
    outcome: list[str | UnsafeAddress] = []

    def look_up() -> None:
        try:
            target = resolve(f"https://{shown}:{port}/", may_be_local=may_be_local)
            outcome.append(target.url.host)
        except UnsafeAddress as unsafe:
            outcome.append(unsafe)

    if _is_address(host):
        look_up()
    else:
        thread = threading.Thread(target=look_up, daemon=True, name="outgoing-look-up")
        thread.start()
        thread.join(limit)
    if not outcome:
        raise httpcore.ConnectTimeout(f"{host} could not be looked up in time")
    if isinstance(outcome[0], UnsafeAddress):
        raise outcome[0]
    return outcome[0]


def _is_address(host: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except OSError:
        return False
    return True


class _Transport(httpx.HTTPTransport):
    def __init__(self, verify: ssl.SSLContext, local_setting: str):
        super().__init__(verify=verify, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=verify,
            max_connections=MOST_CONNECTIONS,
            max_keepalive_connections=MOST_CONNECTIONS,
            keepalive_expiry=IDLE_S,
            network_backend=_Backend(local_setting),
        )


def new_client(local_setting: str = "PARTNERS_MAY_BE_LOCAL") -> httpx.Client:
    """A client for many threads: follows nothing, keeps no cookie, reads no environment.

    It is used within a ``Deadline``.
    """
    return httpx.Client(
        transport=_Transport(httpx.create_ssl_context(trust_env=False), local_setting),
        timeout=httpx.Timeout(None, connect=CONNECT_S, pool=CONNECT_S),
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": "clearing-house", "Accept-Encoding": "identity"},
    )
