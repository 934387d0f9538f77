"""Tokens: CSPs publish them, CSOs read them and ask whether somebody may charge.

K1 list, K2 authorize, K3 receiver (protocols.md §1.4, §1.9). There is no DELETE: a token that ends
is not valid any more.
"""

from partners.models import Party, RoamingAgreement
from partners.queries import in_period
from roaming.gateways import NotReached
from roaming.messages.authorizations import (
    AuthorizationDecision,
    AuthorizationQuestion,
    ShownCredential,
)
from roaming.models import WhitelistEntry
from roaming.protocols.ocpi.bodies import checked
from roaming.protocols.ocpi.faults import (
    CLIENT_ERROR,
    INVALID,
    UNKNOWN_RECEIVER,
    UNKNOWN_TOKEN,
    Answer,
    Fault,
    fault_of,
)
from roaming.protocols.ocpi.http import Call, ModuleView
from roaming.protocols.ocpi.identity import VERSIONS
from roaming.protocols.ocpi.paging import page_of
from roaming.protocols.ocpi.registry import Module
from roaming.protocols.ocpi.remote_words import messages_of
from roaming.protocols.ocpi.tokens import (
    USUAL_TYPE,
    kind_of,
    published_of,
    references_of,
    token_made_up,
    token_of,
    where_of,
)
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.services import authorizations, whitelist

CAP = 1000
_KIND = "Token"
_LONGEST_INFO = 2000


class TokenList(ModuleView):
    """Tokens of the CSPs that the caller has agreements with, or of the one it names."""

    caller_role = Party.Role.CSO
    callee_role = Party.Role.CSP

    def get(self, call: Call) -> Answer:
        agreed = RoamingAgreement.objects.filter(
            in_period(call.now),
            seller=call.sender,
            service_class="CHARGING",
            in_force_at__isnull=False,
        ).exclude(mode="DIRECT")
        entries = WhitelistEntry.objects.filter(
            environment=call.environment, csp__in=agreed.values("buyer")
        ).exclude(identity_hash="")
        if call.receiver is not None:
            entries = entries.filter(csp=call.receiver)

        def render(page: list[WhitelistEntry]) -> list[Tree]:
            return [tree for tree in _trees(page, call.version) if tree is not None]

        return page_of(call, entries.select_related("csp"), render=render, cap=CAP)


class TokenAuthorize(ModuleView):
    """May the holder of this token charge (there)?"""

    caller_role = Party.Role.CSO
    callee_role = Party.Role.CSP

    def post(self, call: Call, uid: str) -> Answer:
        shown = ShownCredential(kind=kind_of(_type_asked(call) or USUAL_TYPE), uid=uid)
        references = _references(call)
        question = AuthorizationQuestion(
            shown=shown,
            where=where_of(references),
            asked_at=call.now,
            correlation_id=call.correlation_id,
        )
        decision = authorizations.decide(question, cso=call.sender, now=call.now, csp=call.receiver)
        csp = _csp_of(call, decision)
        return Answer(_info(call, decision, question, references, csp))


class TokenReceiver(ModuleView):
    """A CSP's own token."""

    caller_role = Party.Role.CSP

    def get(self, call: Call, country: str, party: str, uid: str) -> Answer:
        csp = call.owned_party(country, party, Party.Role.CSP)
        return Answer(_stored(call, csp, uid))

    def put(self, call: Call, country: str, party: str, uid: str) -> Answer:
        csp = call.owned_party(country, party, Party.Role.CSP)
        tree = checked(call, _KIND, call.tree())
        _check_address(call, tree, country, party, uid)
        taken = whitelist.publish(
            published_of(tree, call.version, now=call.now), csp=csp, now=call.now
        )
        return Answer(http=201 if taken.outcome == "created" else 200)

    def patch(self, call: Call, country: str, party: str, uid: str) -> Answer:
        csp = call.owned_party(country, party, Party.Role.CSP)
        patch = checked(call, _KIND, call.tree(), is_patch=True)
        if "last_updated" not in patch:
            raise Fault(INVALID, "A PATCH needs last_updated.")
        tree = _stored(call, csp, uid) | patch
        _check_address(call, tree, country, party, uid)
        checked(call, _KIND, tree)
        whitelist.publish(published_of(tree, call.version, now=call.now), csp=csp, now=call.now)
        return Answer()


def _info(
    call: Call,
    decision: AuthorizationDecision,
    question: AuthorizationQuestion,
    references: Tree | None,
    csp: Party,
) -> Tree:
    """AuthorizationInfo of a decision."""
    info: Tree = {"allowed": decision.decision}
    answer = decision.answer
    if call.version != "2.1.1":
        info["token"] = _token(call, decision, question, csp)
    where = references_of(answer.where, call.version) if answer and answer.where else None
    if location := where or references:
        info["location"] = location
    if decision.reference and call.version != "2.1.1":
        info["authorization_reference"] = decision.reference[:36]
    told = answer.document.get("info") if answer else None
    if isinstance(told, dict):
        # As it came, with what we do not know; but no CSP fills the answers of others.
        is_short = len(str(told)) <= _LONGEST_INFO
        info["info"] = told if is_short else dict(messages_of({"message": told})[0])
    elif decision.reason and decision.decision != "ALLOWED":
        info["info"] = {"language": "en", "text": decision.reason}
    return info


def _csp_of(call: Call, decision: AuthorizationDecision) -> Party:
    """Whose word it is.

    :raises Fault: nobody knows the token, it was not reached, or the pair may not ask at all
    """
    if decision.decision == "UNKNOWN":
        raise Fault(UNKNOWN_TOKEN, "No CSP knows this token.", http=404)
    if decision.decision == "NOT_REACHED":
        raise fault_of(
            NotReached(decision.failure, decision.reason, status_code=decision.status_code)
        )
    if decision.csp_id is None:
        code = CLIENT_ERROR if call.receiver is None else UNKNOWN_RECEIVER
        raise Fault(code, f"This is not possible: {decision.reason}.")
    return Party.objects.get(pk=decision.csp_id)


def _token(
    call: Call, decision: AuthorizationDecision, question: AuthorizationQuestion, csp: Party
) -> Tree:
    """As the CSP answered, as it published it, else as much of it as is known."""
    answer = decision.answer
    if answer and answer.credential:
        tree = token_of(answer.credential, csp=csp, version=call.version)
        if tree is not None:
            return tree
    entry = whitelist.find_entry(question.shown, csp=csp)
    if entry is not None:
        [credential] = whitelist.published([entry])
        tree = token_of(credential, csp=csp, version=call.version)
        if tree is not None:
            return tree
    contract_id = answer.contract_id if answer else ""
    return token_made_up(
        question.shown, csp=csp, version=call.version, contract_id=contract_id, now=call.now
    )


def _stored(call: Call, csp: Party, uid: str) -> Tree:
    """:raises Fault: 404 with 2004, it was not published, or its person was erased"""
    shown = ShownCredential(kind=kind_of(_type_asked(call) or USUAL_TYPE), uid=uid)
    entry = whitelist.find_entry(shown, csp=csp)
    if entry is not None:
        [credential] = whitelist.published([entry])
        tree = token_of(credential, csp=csp, version=call.version)
        if tree is not None:
            return tree
    raise Fault(UNKNOWN_TOKEN, "This token is not known here.", http=404)


def _trees(entries: list[WhitelistEntry], version: str) -> list[Tree | None]:
    return [
        token_of(credential, csp=entry.csp, version=version)
        for entry, credential in zip(entries, whitelist.published(entries), strict=True)
    ]


def _type_asked(call: Call) -> str:
    """``type``, in 2.1.1 ``token_type``; each is taken in every version."""
    query = call.request.GET
    return query.get("type") or query.get("token_type") or ""


def _references(call: Call) -> Tree | None:
    """The LocationReferences in the body, if there is one."""
    if not call.raw.strip():
        return None
    tree = call.tree()
    if not tree:
        return None
    return checked(call, "LocationReferences", tree)


def _check_address(call: Call, tree: Tree, country: str, party: str, uid: str) -> None:
    """:raises Fault: 2001, the object is another one than the address says"""
    stated = {"uid": uid, "country_code": country, "party_id": party}
    if asked := _type_asked(call):
        stated["type"] = asked
    for name, value in stated.items():
        if str(tree.get(name, value)).upper() != value.upper():
            raise Fault(INVALID, f"{name} differs from what the address says.")


MODULE = Module(
    name="tokens",
    versions=VERSIONS,
    sides={"SENDER": "sender/tokens", "RECEIVER": "receiver/tokens"},
    routes=[
        ("sender/tokens", TokenList.as_view()),
        ("sender/tokens/<uid>/authorize", TokenAuthorize.as_view()),
        ("receiver/tokens/<country>/<party>/<uid>", TokenReceiver.as_view()),
    ],
    owner_role=Party.Role.CSP,
)
