"""CSPs that answer over real HTTP, and the questions of Nordlicht's stations."""

import json
import time
from contextlib import ExitStack, contextmanager
from typing import Any

from partners.models import RoamingEndpoint
from roaming.messages.authorizations import (
    AuthorizationDecision,
    AuthorizationQuestion,
    WhereCharged,
)
from roaming.services import authorizations
from tests import makers
from tests.makers import NOON
from tests.roaming.credential_world import shown
from tests.roaming.part_five_rows import make
from tests.roaming.partner_end import PartnerEnd, at_work
from tests.roaming.webhook_receiver import subscribe

HERE = WhereCharged(location_id="LOC1", evse_uids=("1001",), evse_id="DE*NLX*E1001*1")


def answering(**answer: Any):
    """A system that answers each question the same."""

    def give(asked, handler):
        return 200, json.dumps({"decision": "ALLOWED"} | answer).encode()

    return give


def after(seconds: float, answer):
    """The same, but late."""

    def give(asked, handler):
        time.sleep(seconds)
        return answer(asked, handler)

    return give


class World:
    """Nordlicht, and CSPs that come with an agreement and an endpoint of their own."""

    def __init__(self, stack: ExitStack):
        self._stack = stack
        self.cso = makers.nordlicht()

    def csp(self, party, *, answer=None, state="CONNECTED", agreed=True) -> PartnerEnd:
        if agreed:
            makers.AgreementMaker(seller=self.cso, buyer=party)
        end = self._stack.enter_context(at_work(PartnerEnd()))
        if answer is not None:
            end.answer = answer
        endpoint = make(
            RoamingEndpoint,
            owner=makers.partner_of(party),
            protocol="REST",
            protocol_version="1",
            url=f"{end.url}/authorize",
            state=state,
        )
        endpoint.parties.set([party])
        subscribe(party, f"{end.url}/hook")
        return end

    def ask(self, *, csp=None, now=NOON, **changes: Any) -> AuthorizationDecision:
        return authorizations.decide(question(now=now, **changes), cso=self.cso, now=now, csp=csp)


@contextmanager
def world():
    with ExitStack() as stack:
        yield World(stack)


def question(*, now=NOON, where=HERE, **changes: Any) -> AuthorizationQuestion:
    about = {name: changes.pop(name) for name in ("kind", "uid", "contract_id") if name in changes}
    return AuthorizationQuestion(shown=shown(**about), where=where, asked_at=now, **changes)
