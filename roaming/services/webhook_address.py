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
        _ = parsed.host
    except (httpx.InvalidURL, UnicodeError) as error:  # the latter: a host that no IDN can be
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
    except (OSError, UnicodeError) as error:  # the latter: labels that DNS cannot have
        raise UnsafeAddress(f"cannot be looked up: {error}") from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        _refuse_private(address, may_be_local=may_be_local)
    pinned = parsed.copy_with(host=str(addresses[0]))
    return Target(url=pinned, host=parsed.host, host_header=parsed.netloc.decode())


def _refuse_private(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, *, may_be_local: bool
) -> None:
    if not may_be_local and not _is_public(address):
        raise UnsafeAddress(f"leads to {address}, which is not on the public Internet")


# Gateways pass on what is sent there to the IPv4 address in its last four bytes (RFC 6052).
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
# Old or local forms that the Internet does not route (RFC 4291 2.5.5.1, 3879, 8215).
_NOT_ROUTED = tuple(map(ipaddress.IPv6Network, ("::/96", "fec0::/10", "64:ff9b:1::/48")))


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """An address that carries an IPv4 one is as public as that."""
    if isinstance(address, ipaddress.IPv6Address):
        if any(address in network for network in _NOT_ROUTED):
            return False
        inner = address.ipv4_mapped or address.sixtofour
        if address in _TRANSLATED:
            inner = ipaddress.IPv4Address(address.packed[-4:])
        address = inner or address
    return address.is_global and not address.is_multicast
