"""Who a simulated partner is and how it speaks."""

from collections.abc import Callable
from dataclasses import dataclass

from roaming.protocols.ocpi.simulator.exchanges import Call

VERSIONS = ("2.1.1", "2.2.1", "2.3.0")
CPO, EMSP = "CPO", "EMSP"
_ROLES = {"cso": (CPO,), "cpo": (CPO,), "csp": (EMSP,), "emsp": (EMSP,), "both": (CPO, EMSP)}


@dataclass(frozen=True)
class Speaker:
    """One party on the wire: ``role`` in OCPI's words."""

    role: str
    country_code: str
    party_id: str

    @property
    def name(self) -> str:
        return f"{self.country_code}*{self.party_id}"


@dataclass(frozen=True)
class Options:
    """What is seldom changed; times in seconds.

    ``versions`` are those offered, if not the spoken one alone; ``base64`` None means by version;
    ``needs`` are the (module, interface) pairs that a peer must have to be registered (else 3003);
    ``public_url`` is where the peer reaches us, if not at the address that we listen at;
    ``custom_modules`` are (interface, module) pairs that we offer besides OCPI's;
    ``parties`` are further parties of this platform; ``trace`` is told each finished call.
    ``guard`` is told each address before it is called, and raises ValueError where it must not be.
    """

    versions: tuple[str, ...] = ()
    base64: bool | None = None
    public_url: str = ""
    page_limit: int = 50
    needs: frozenset[tuple[str, str]] = frozenset()
    parties: tuple[Speaker, ...] = ()
    hidden_modules: frozenset[str] = frozenset()
    custom_modules: frozenset[tuple[str, str]] = frozenset()
    timeout_s: float = 10
    late_s: float = 15
    slow_byte_s: float = 0.05
    redirect_to: str = "http://elsewhere.invalid/"
    trace: Callable[[Call], None] | None = None
    guard: Callable[[str], None] | None = None


def speakers(role: str, party: str) -> tuple[Speaker, ...]:
    """The parties of a role: ``cso``, ``csp`` or ``both`` (OCPI's words do, too).

    ``party`` is spelled ``NL*AAA``; empty means NL*SIM.
    """
    country_code, _, party_id = (party or "NL*SIM").partition("*")
    if role.lower() not in _ROLES or len(country_code) != 2 or len(party_id) != 3:
        raise ValueError(f"no role and party of ours: {role!r}, {party!r}")
    return tuple(Speaker(one, country_code, party_id) for one in _ROLES[role.lower()])
