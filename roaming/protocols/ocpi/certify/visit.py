"""Our visit to a partner: the simulator is our own side, the partner's endpoints are the other.

What we leave there carries ids that begin with CERT.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from roaming.protocols.ocpi.certify.case import NotApplicable
from roaming.protocols.ocpi.simulator import FakePartner, documents
from roaming.protocols.ocpi.simulator.calls import Asked
from roaming.protocols.ocpi.simulator.exact import Document
from roaming.protocols.ocpi.simulator.exchanges import Call
from roaming.protocols.ocpi.simulator.options import CPO, EMSP, Speaker

_MOST_PAGES = 100


class Unreadable(Exception):
    """What a case stands on did not come; the message says what did."""


@dataclass
class Target:
    """Whom we visit. ``role`` is ``cso``, ``csp`` or ``both``; ``token`` by ``registers``.

    With ``registers`` the token is a registration token (TOKEN_A), else the active one.
    """

    versions_url: str
    token: str
    role: str
    registers: bool = False
    party: str = ""

    @property
    def roles(self) -> tuple[str, ...]:
        return {"cso": (CPO,), "csp": (EMSP,), "both": (CPO, EMSP)}[self.role]


@dataclass(frozen=True)
class Pushed:
    """An object of ours at the partner: its module, its path below the endpoint, its content."""

    module: str
    path: tuple[str, ...]
    document: Document


class Visit:
    """The helpers that cases share. ``us`` speaks with the partner in the mirrored role."""

    def __init__(self, us: FakePartner, target: Target) -> None:
        self.us = us
        self.target = target
        self.started: Call | None = None
        self._place: Document | None = None

    @property
    def sells(self) -> bool:
        return CPO in self.target.roles

    @property
    def version(self) -> str:
        return self.us.version

    def call(self, method: str, url: str, module: str, **more: Any) -> Call:
        """One call as :class:`Asked` says."""
        return self.us.caller.send(Asked(method, url, module, speaker=self.us.speakers[0], **more))

    def ask(self, method: str, module: str, *path: str, body: object = None) -> Call:
        """At the partner's receiving interface."""
        return self.us.ask(method, "RECEIVER", module, *path, body=body)

    def details(self) -> Call:
        """Versions, then the details of ours, with the target's token; the last answer."""
        versions = self.call("GET", self.target.versions_url, "versions", token=self.target.token)
        for one in versions.data if versions.ok and isinstance(versions.data, list) else ():
            if one["version"] == self.version:
                return self.call("GET", one["url"], "versions", token=self.target.token)
        return versions

    def announced(self, module: str, interface: str) -> str:
        """The partner's URL of a module, asked anew."""
        for one in self.details().data["endpoints"]:
            roles = (interface, None) if module != "credentials" else ("SENDER", "RECEIVER", None)
            if one["identifier"] == module and one.get("role") in roles:
                return one["url"].rstrip("/")
        raise NotApplicable(f"the partner announces no {module} {interface}")

    @property
    def list_module(self) -> str:
        """What every partner of this role has a list of."""
        return "locations" if self.sells else "tokens"

    @property
    def list_url(self) -> str:
        return self.us.peer_url("SENDER", self.list_module)

    def listed(self, module: str = "", *, most: int = _MOST_PAGES, **query: str) -> list[Document]:
        """The partner's list, up to ``most`` pages.

        :raises Unreadable: a page is no good answer.
        :raises NotApplicable: there is nothing in the list.
        """
        found = []
        for page in self.us.pull(module or self.list_module, most=most, **query):
            if not page.ok or not isinstance(page.data, list):
                raise Unreadable(f"the list of {page.module} cannot be read: {page.summary}")
            found += page.data
        if not found:
            raise NotApplicable(f"the partner's list of {module or self.list_module} is empty")
        return found

    def push(self, **changes: object) -> tuple[Call, Pushed]:
        """PUT an object of ours: a token at who sells charging, a site at who has drivers."""
        if self.sells:
            uid = new_id()
            self.us.add_token(uid, **changes)
            owner = self.us.speaker(EMSP)
            path = (owner.country_code, owner.party_id, uid)
            return self._pushed("tokens", path, self.us.own["tokens"][uid, "RFID"])
        return self.push_site(**changes)

    def push_site(self, **changes: object) -> tuple[Call, Pushed]:
        """PUT a site of ours, at who has drivers."""
        location_id = new_id()
        self.us.add_location(location_id, tariff_id="")
        draft = self.us.drafts("locations")[location_id] | changes
        document = self.us.keep("locations", location_id, draft)
        owner = self.us.speaker(CPO)
        path = (owner.country_code, owner.party_id, location_id)
        return self._pushed("locations", path, document)

    def _pushed(
        self, module: str, path: tuple[str, ...], document: Document
    ) -> tuple[Call, Pushed]:
        return self.ask("PUT", module, *path, body=document), Pushed(module, path, document)

    def kept(self, pushed: Pushed) -> Call:
        """What the partner says that it has kept of it."""
        return self.ask("GET", pushed.module, *pushed.path)

    def place(self) -> Document:
        """A site of ours that the partner knows; the words of 2.2.1."""
        if self._place is None:
            location_id = new_id()
            self.us.add_tariff(f"{location_id}-T")
            self.us.push_tariff(f"{location_id}-T")
            self.us.add_location(location_id, tariff_id=f"{location_id}-T")
            self.us.push_location(location_id)
            self._place = self.us.drafts("locations")[location_id]
        return self._place

    def session(self, **changes: object) -> Call:
        """PUT a session of ours with a token of the partner's."""
        identity = {"id": new_id()}
        place = self.place()["id"]
        return self.us.start_session(
            self.driver(),
            location_id=place,
            **(identity | changes),  # type: ignore[arg-type]
        )

    def record(self, **changes: object) -> Call:
        """POST the record of a session that has ended."""
        session_id = self.session().body["id"]
        self.us.finish_session(session_id)
        return self.us.post_cdr(session_id, **({"id": new_id()} | changes))  # type: ignore[arg-type]

    def driver(self) -> Document:
        """A token of the partner's; made up, in its name, where it shows none."""
        try:
            return next(one for one in self.listed("tokens", limit="20") if one.get("valid"))
        except (NotApplicable, Unreadable, StopIteration, LookupError):
            return documents.token(self.partys_speaker(), "CERT0001")

    def partys_speaker(self) -> Speaker:
        """The partner's own party: from what it said at registration, else from ``--party``."""
        roles = self.us.connection.peer.get("roles") or [self.us.connection.peer]
        for one in roles:
            if one.get("party_id"):
                return Speaker(EMSP, one["country_code"], one["party_id"])
        country_code, _, party_id = (self.target.party or "NL*SIM").partition("*")
        return Speaker(EMSP, country_code, party_id)


def new_id() -> str:
    return f"CERT{uuid.uuid4().hex[:14].upper()}"
