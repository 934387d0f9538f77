"""Stories that a simulated partner plays against its peer, one step after the other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from roaming.protocols.ocpi.simulator.csp import UID
from roaming.protocols.ocpi.simulator.exact import Document
from roaming.protocols.ocpi.simulator.exchanges import Call, NothingCame
from roaming.protocols.ocpi.simulator.options import CPO, EMSP
from roaming.protocols.ocpi.simulator.partner import FakePartner


def furnish(partner: FakePartner, *, sites: int, uid: str) -> None:
    """Something for a peer to pull: ``sites`` with a tariff, or a token and one that is blocked."""
    if _sells(partner):
        for number in range(1, sites + 1):
            partner.add_location(f"LOC{number}", evses=2)
    if any(one.role == EMSP for one in partner.speakers):
        partner.add_token(uid)
        partner.add_token(f"{uid[:-1]}0", valid=False)


@dataclass(frozen=True)
class Step:
    """What was done; where it failed, the story ends."""

    name: str
    ok: bool
    note: str = ""

    def line(self) -> Document:
        return {"step": self.name, "ok": self.ok} | ({"note": self.note} if self.note else {})


Scenario = Callable[[FakePartner, str], Iterator[Step]]


def session(partner: FakePartner, uid: str = UID) -> Iterator[Step]:
    """One session: a seller authorizes ``uid`` and charges it, a provider starts one remotely."""
    steps = _sold(partner, uid) if _sells(partner) else _bought(partner, uid)
    yield from _until_one_fails(steps)


def credit(partner: FakePartner, uid: str = UID) -> Iterator[Step]:
    """As ``session``, and the record is credited afterwards (sellers only)."""
    yield from _until_one_fails(_credited(partner, uid))


SCENARIOS: dict[str, Scenario] = {"session": session, "credit": credit}


def _sells(partner: FakePartner) -> bool:
    return any(one.role == CPO for one in partner.speakers)


def _credited(partner: FakePartner, uid: str) -> Iterator[Step]:
    yield from _sold(partner, uid)
    yield _told("credit the record", partner.credit_cdr(next(iter(partner.drafts("cdrs")))))


def _sold(partner: FakePartner, uid: str) -> Iterator[Step]:
    yield _told("publish a tariff", partner.push_tariff())
    yield _told("publish a site", partner.push_location())
    asked = partner.authorize(uid)
    allowed = asked.data.get("allowed") if isinstance(asked.data, dict) else None
    told = f"{allowed}, code {asked.code}" if allowed else asked.summary
    yield Step("authorize", asked.ok and allowed == "ALLOWED", told)
    # The answers of 2.1.1 do not carry the token.
    token = asked.data.get("token") or {"uid": uid, "auth_id": uid}
    reference = asked.data.get("authorization_reference")
    more = {"authorization_reference": reference} if reference else {}
    begun = partner.start_session(token, **more)
    yield _told("start the session", begun)
    session_id = begun.body["id"]
    yield _told("report some energy", partner.patch_session(session_id, kwh=Decimal("3.2")))
    yield _told("finish the session", partner.finish_session(session_id))
    yield _told("send the record", partner.post_cdr(session_id))


def _bought(partner: FakePartner, uid: str) -> Iterator[Step]:
    yield _told("publish a token", partner.push_token(uid))
    pages = partner.pull("locations")
    places = [one for page in pages for one in page.data or []]
    yield Step("look for a site", pages[-1].ok and bool(places), f"{len(places)} sites")
    begun = partner.start_remote(uid, places[0]["id"], to=_owner(places[0]))
    yield _told("start a session remotely", begun)
    try:
        result = partner.result_of(begun, seconds=30)
    except NothingCame as error:
        yield Step("hear of the result", ok=False, note=str(error))
        return
    yield Step("hear of the result", result.get("result") == "ACCEPTED", str(result))


def _owner(place: Document) -> str:
    """2.1.1 names none, and does not route."""
    return f"{place['country_code']}*{place['party_id']}" if "party_id" in place else ""


def _told(name: str, call: Call) -> Step:
    return Step(name, call.ok, "" if call.ok else call.summary)


def _until_one_fails(steps: Iterator[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        if not step.ok:
            return
