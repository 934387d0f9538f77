"""Where a webhook may point: an https address on the public Internet, looked up once.

The address that was checked is the address that is called, so a name that changes its mind between
the check and the call (DNS rebinding) leads nowhere inside.
"""

import ipaddress
import socket
from dataclasses import dataclass

import httpx


class UnsafeAddress(Exception):
    """The webhook's URL may not be called; the message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL with the address to connect to; ``host`` is what its certificate must name."""

    url: httpx.URL
    host: str
    host_header: str


def check_url(url: str, *, may_be_local: bool) -> httpx.URL:
    """The URL if it may be a webhook's, judged without looking up its name.

    :raises UnsafeAddress: another scheme than https, credentials in it, or a private address.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise UnsafeAddress(f"is no URL: {error}") from error
    allowed = ("https", "http") if may_be_local else ("https",)
    if parsed.scheme not in allowed:
        raise UnsafeAddress("must begin with https://")
    if not parsed.host or parsed.userinfo:
        raise UnsafeAddress("needs a host, and no user or password before it")
    try:
        address = ipaddress.ip_address(parsed.host)
    except ValueError:
        return parsed
    _refuse_private(address, may_be_local=may_be_local)
    return parsed


def resolve(url: str, *, may_be_local: bool) -> Target:
    """Look up the host and pin the first address; every one of them must be public.

    :raises UnsafeAddress: one of them is not, or there is none.
    """
    parsed = check_url(url, may_be_local=may_be_local)
    try:
        found = socket.getaddrinfo(parsed.host, parsed.port or 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnsafeAddress(f"cannot be looked up: {error}") from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        _refuse_private(address, may_be_local=may_be_local)
    pinned = parsed.copy_with(host=str(addresses[0]))
    return Target(url=pinned, host=parsed.host, host_header=parsed.netloc.decode())


def _refuse_private(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, *, may_be_local: bool
) -> None:
    inner = getattr(address, "ipv4_mapped", None) or address
    if not may_be_local and (not inner.is_global or inner.is_multicast):
        raise UnsafeAddress(f"leads to {address}, which is not on the public Internet")
