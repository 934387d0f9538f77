"""The state of a simulated partner, which its doors and its verbs share."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

from roaming.protocols.ocpi.simulator.calls import Asked, Caller
from roaming.protocols.ocpi.simulator.conduct import Behaviour, Conduct, Rendered
from roaming.protocols.ocpi.simulator.connection import Connection
from roaming.protocols.ocpi.simulator.dialect import spoken
from roaming.protocols.ocpi.simulator.exact import Document
from roaming.protocols.ocpi.simulator.exchanges import IN, OUT, Call, Exchanges
from roaming.protocols.ocpi.simulator.options import CPO, VERSIONS, Options, Speaker, speakers
from roaming.protocols.ocpi.simulator.server import Request

Key = tuple[str, ...]


@dataclass
class Manners:
    """How this partner answers what is asked of it; a test sets what it needs.

    ``decisions`` by token uid: (allowed, reference); a uid that is neither here nor among our
    tokens is unknown. Commands: the answer at once, and the result that follows, if any.
    ``tamper`` may change each answer: for a partner with one defect.
    """

    decisions: dict[str, tuple[str, str]] = field(default_factory=dict)
    command_answer: str = "ACCEPTED"
    command_result: str = "ACCEPTED"
    command_timeout_s: int = 30
    command_delay_s: float = 0.05
    wraps_results: bool = False
    starts_sessions: bool = True
    profile_answer: str = "ACCEPTED"
    tamper: Callable[[Request, Rendered], Rendered] | None = None


class PeerLacks(LookupError):
    """The peer announced no such module and interface."""


class Platform:
    """One partner's system, connected to one peer."""

    def __init__(self, role: str, version: str, party: str, options: Options) -> None:
        self.options = options
        self.speakers = (*speakers(role, party), *options.parties)
        self.versions = options.versions or (version,)
        if not set(self.versions) <= {"2.0", *VERSIONS}:
            raise ValueError(f"no versions of ours: {self.versions}")
        if version == "2.1.1" and len(self.speakers) > 1:
            raise ValueError("a connection of 2.1.1 carries one party in one role")
        self.connection = Connection(version)
        self.exchanges = Exchanges(options.trace)
        self.conduct = Conduct(options)
        self.caller = Caller(options, self.connection, self.exchanges, self.conduct)
        self.manners = Manners()
        self.own: dict[str, dict[Key, Document]] = {}
        self.held: dict[str, dict[Key, Document]] = {}
        self.results: dict[str, list[Document]] = {}
        self._drafts: dict[str, dict[str, Document]] = {}
        self.base_url = ""

    @property
    def version(self) -> str:
        return self.connection.version

    @property
    def versions_url(self) -> str:
        return f"{self.base_url}/ocpi/versions"

    def url(self, interface: str, module: str, *parts: str) -> str:
        """Of our own, in the version that we speak."""
        inner = "/".join((interface.lower(), module, *parts))
        return f"{self.base_url}/ocpi/{self.version}/{inner}"

    def speaker(self, role: str) -> Speaker:
        """:raises PeerLacks: this partner has no party in that role."""
        for one in self.speakers:
            if one.role == role:
                return one
        raise PeerLacks(f"this partner is no {role}")

    def behave(self, behaviour: str | Behaviour, *modules: str) -> None:
        """From now on, everywhere but in the handshake, or at ``modules`` only."""
        self.conduct.modules = frozenset(modules) or None
        self.conduct.behaviour = Behaviour(behaviour)

    def ask(
        self,
        method: str,
        interface: str,
        module: str,
        *parts: str,
        body: object = None,
        to: str = "",
    ) -> Call:
        """Call the peer's ``interface`` of a module; ``parts`` follow its URL.

        :raises PeerLacks: the peer has announced no such endpoint.
        """
        url = "/".join((self.peer_url(interface, module), *parts))
        role = self.role_towards(interface, module)
        return self.caller.send(Asked(method, url, module, body, self._speaker_or_first(role), to))

    def peer_url(self, interface: str, module: str) -> str:
        """Without a trailing slash."""
        endpoints = self.connection.endpoints
        url = endpoints.get((module, interface)) or endpoints.get((module, ""))
        if url is None:
            raise PeerLacks(f"the peer has no {module} {interface}")
        return url.rstrip("/")

    def role_towards(self, interface: str, module: str) -> str:
        """In which role we call: who owns a module is served by its SENDER."""
        owned_by_emsp = module in ("tokens", "commands", "chargingprofiles")
        return CPO if owned_by_emsp == (interface == "SENDER") else "EMSP"

    def _speaker_or_first(self, role: str) -> Speaker:
        return next((one for one in self.speakers if one.role == role), self.speakers[0])

    def pull(self, module: str, *, to: str = "", most: int = 10_000, **query: str) -> list[Call]:
        """All pages of a list at the peer, ``most`` of them, following ``Link`` as it stands."""
        url = self.peer_url("SENDER", module) + (f"?{urlencode(query)}" if query else "")
        speaker = self._speaker_or_first(self.role_towards("SENDER", module))
        pages: list[Call] = []
        while url and len(pages) < most:
            page = self.caller.send(Asked("GET", url, module, None, speaker, to))
            pages.append(page)
            url = next_link(page)
        return pages

    def received(self, module: str, method: str = "") -> list[Call]:
        """The calls that came in, in their order."""
        return self.exchanges.of(IN, module, method)

    def sent(self, module: str, method: str = "") -> list[Call]:
        """The calls that went out, in their order."""
        return self.exchanges.of(OUT, module, method)

    def wait_for(
        self, module: str, count: int = 1, *, method: str = "", seconds: float = 5
    ) -> list[Call]:
        """:raises NothingCame: fewer calls came in, and were answered, within ``seconds``."""

        def answered() -> list[Call]:
            return [call for call in self.received(module, method) if call.status]

        self.exchanges.wait_for(
            lambda: len(answered()) >= count, f"{count} {method} {module}", seconds=seconds
        )
        return answered()

    def wait_until(self, is_so: Callable[[], bool], what: str, *, seconds: float = 5) -> None:
        """:raises NothingCame: it is not so within ``seconds``."""
        self.exchanges.wait_for(is_so, what, seconds=seconds)

    def objects(self, module: str) -> list[Document]:
        """What the peer's pushes have made of a module here."""
        return list(self.held.get(module, {}).values())

    def drafts(self, module: str) -> dict[str, Document]:
        """Our objects by id in the words of 2.2.1, whatever version we speak."""
        return self._drafts.setdefault(module, {})

    def keep(self, module: str, key: str, draft: Document) -> Document:
        """Put an object into our list, where a peer can pull it; as the version spells it."""
        self.drafts(module)[key] = draft
        document = spoken(self.version, module, draft, self._place_of(draft))
        kind = (document["type"],) if module == "tokens" else ()
        self.own.setdefault(module, {})[key.upper(), *kind] = document
        return document

    def speak(self, version: str) -> None:
        """The peer chose ``version``: our objects are spelled anew."""
        if version == self.connection.version:
            return
        self.connection.version = version
        self.own.clear()
        for module, drafts in self._drafts.items():
            for key, draft in drafts.items():
                self.keep(module, key, draft)

    def _place_of(self, draft: Document) -> Document | None:
        """The Location of a session or CDR."""
        location_id = draft.get("location_id") or draft.get("cdr_location", {}).get("id")
        return self.drafts("locations").get(location_id) if location_id else None

    def forget(self, module: str, key: str) -> None:
        self.drafts(module).pop(key, None)
        self.own.get(module, {}).pop((key.upper(),), None)

    def hub(self) -> str:
        """The peer as a receiver of what is meant for everyone; empty where it is no hub."""
        peer = self.connection.peer
        if named := peer.get("hub_party_id"):
            return f"{named[:2]}*{named[2:]}"
        hubs = [one for one in peer.get("roles", []) if one.get("role") == "HUB"]
        return f"{hubs[0]['country_code']}*{hubs[0]['party_id']}" if hubs else ""

    def new_id(self, kind: str) -> str:
        return f"{kind}-{uuid.uuid4().hex[:12].upper()}"

    def started_remotely(self, command: Document) -> None:
        """A START_SESSION was accepted; who sells charging starts a session."""


def next_link(page: Call) -> str:
    """The URL of the next page, or nothing."""
    for link in page.answer_headers.get("link", "").split(","):
        url, _, relation = link.partition(";")
        if 'rel="next"' in relation.replace(" ", ""):
            return url.strip().strip("<>")
    return ""


def stamp(at: datetime | None = None) -> str:
    """RFC 3339 in UTC with ``Z`` and milliseconds; now by default."""
    at = (at or datetime.now(UTC)).astimezone(UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(text: str) -> datetime:
    """The moment that a DateTime names; without an offset it is UTC.

    :raises ValueError: it names none.
    """
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
