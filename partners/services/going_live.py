"""A TEST party goes live: every step of its checklist stands, and a second person lets it.

Until then there is no LIVE party of that code, so nothing real can be sent for it.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from clearinghouse.retry import in_transaction
from partners import queries
from partners.models import (
    Approval,
    BankAccount,
    CertificationRun,
    ChecklistStep,
    Environment,
    LiveActivation,
    Mandate,
    ParticipationContract,
    Partner,
    PartnerState,
    Party,
    PartyOwnership,
    RoamingEndpoint,
    TaxRegistration,
    User,
)
from partners.rules import going_live as rule
from partners.services import approvals, audit, life
from partners.services.approvals import NotDecidable

VERB = "party.go_live"
RIGHT = "partners.approve_liveactivation"
_TYPE = "Party"
Item = ChecklistStep.Item


class NotReady(Exception):
    """The party cannot go live, or a step cannot be confirmed; the text names what to do."""


@dataclass(frozen=True, slots=True)
class Stands:
    """One item of a party's checklist as it stands. ``todo`` is empty where nothing is lacking.

    ``has_fact``: what a person would confirm is there; without it nobody can.
    """

    item: str
    name: str
    step: ChecklistStep | None
    todo: str
    has_fact: bool


def checklist(party: Party, *, now: datetime) -> list[Stands]:
    """Every item that the party needs, in order."""
    known, steps = _known(party, now=now), _steps(party)
    todos = {one.item: one.todo for one in rule.lacks(known)}
    return [
        Stands(
            item,
            Item(item).label,
            steps.get(item),
            todos.get(item, ""),
            not rule.lacking_fact(item, known),
        )
        for item in rule.required(known)
    ]


def activation_of(party: Party) -> LiveActivation | None:
    """How the TEST party went live, or the LIVE one came to be; None where it did not."""
    either = LiveActivation.objects.select_related(
        "test_party", "live_party", "approval__maker", "approval__checker"
    )
    return either.filter(test_party=party).first() or either.filter(live_party=party).first()


def confirm(party: Party, item: str, *, evidence: str, by: User, now: datetime) -> ChecklistStep:
    """Write down that a person saw the evidence of an item.

    :raises NotReady: the fact behind it is not there, no evidence, it stands already, or the party
        is LIVE
    """
    _refuse_live(party)
    known = _known(party, now=now)
    if item not in rule.required(known):
        raise NotReady(f"{Item(item).label} is nothing that {party.code} needs.")
    if todo := rule.lacking_fact(item, known):
        raise NotReady(f"{Item(item).label}: {todo}")
    if not evidence.strip():
        raise NotReady("Name the evidence: a document with number and date, or where it is filed.")
    try:
        with transaction.atomic():
            step = ChecklistStep.objects.create(
                party=party,
                item=item,
                evidence=evidence.strip()[:500],
                confirmed_by=by.get_username(),
                confirmed_at=now,
            )
            _note("confirmed", party, by=by, now=now, reason=step.evidence, after={"item": item})
    except IntegrityError as error:
        raise NotReady(f"{Item(item).label} is confirmed already.") from error
    return step


def withdraw(party: Party, item: str, *, reason: str, by: User, now: datetime) -> None:
    """The step holds no more; what it said is kept.

    :raises NotReady: it does not stand, or the party went live on it
    """
    if activation_of(party) is not None:
        raise NotReady(f"{party.code} is live; suspend its connection or its partner instead.")
    with transaction.atomic():
        stands = ChecklistStep.objects.filter(party=party, item=item, withdrawn_at__isnull=True)
        if not stands.update(
            withdrawn_at=now, withdrawn_by=by.get_username(), withdraw_reason=reason[:500]
        ):
            raise NotReady(f"{Item(item).label} is not confirmed.")
        _note("withdrawn", party, by=by, now=now, reason=reason, after={"item": item})


def request(party: Party, *, reason: str, by: User, now: datetime) -> Approval:
    """Ask a second person to let the party go live, on exactly the steps that stand now.

    :raises NotReady: it is LIVE already, or an item is lacking; the text names each
    """
    _refuse_live(party)
    if activation_of(party) is not None:
        raise NotReady(f"{party.code} is live already.")
    _refuse_lacking(party, now=now)

    def asked() -> Approval:
        approval = approvals.request(
            VERB,
            about=(_TYPE, str(party.pk)),
            content_sha256=content_sha256(party),
            reason=reason,
            maker=by,
            now=now,
        )
        _note("live_requested", party, by=by, now=now, reason=reason)
        return approval

    return in_transaction(asked)


def open_request(party: Party, *, now: datetime) -> Approval | None:
    """The request that waits for a second person over the steps as they stand, if there is one."""
    return approvals.waiting(
        VERB, about=(_TYPE, str(party.pk)), content_sha256=content_sha256(party), now=now
    )


def approve(party_id: UUID, *, checker: User, now: datetime) -> LiveActivation:
    """Open the LIVE twin of the TEST party as the second person; its owner is the same.

    Its connection, its mandates and its agreements are approved by themselves: what was tried in
    TEST says nothing about them. A partner that was ONBOARDING is ACTIVE from now on.

    :raises NotReady: nobody asks for it, the steps changed since, or an item is lacking now
    :raises NotDecidable: by the person who asked, or without the right
    """

    def approved() -> LiveActivation:
        party, asked = _decidable(party_id, checker, now=now)
        _refuse_lacking(party, now=now)
        approval = approvals.approve(asked.pk, checker=checker, now=now, right=RIGHT)
        owner = queries.current_owner(party, at=now)
        assert owner is not None  # noqa: S101 else it was lacking
        live = _live_twin(party, owner, now=now)
        activation = LiveActivation.objects.create(
            test_party=party, live_party=live, approval=approval, activated_at=now
        )
        _let_be_active(owner, checker=checker, now=now)
        _note("went_live", party, by=checker, now=now, after={"live_party": str(live.pk)})
        return activation

    return in_transaction(approved)


def refuse(party_id: UUID, *, reason: str, checker: User, now: datetime) -> None:
    """Say no as the second person; it can be asked for again.

    :raises NotReady: nobody asks for it, or the steps changed since
    :raises NotDecidable: as ``approve``
    """

    def refused() -> None:
        party, asked = _decidable(party_id, checker, now=now)
        approvals.refuse(asked.pk, checker=checker, now=now, right=RIGHT)
        _note("live_refused", party, by=checker, now=now, reason=reason)

    in_transaction(refused)


def _decidable(party_id: UUID, checker: User, *, now: datetime) -> tuple[Party, Approval]:
    """The party, locked, and what waits for ``checker``."""
    party = Party.objects.select_for_update().get(pk=party_id)
    asked = open_request(party, now=now)
    if asked is None:
        raise NotReady("Nobody asks for it, or the checklist changed since: ask anew.")
    if asked.maker_id != checker.pk and not approvals.is_approver(checker, RIGHT):
        raise NotDecidable("It takes an approver, who was given that right by name.")
    return party, asked


def content_sha256(party: Party) -> str:
    """What both persons look at: the steps that stand, with their evidence."""
    stands = sorted(_steps(party).items())
    said = "|".join(f"{item}:{step.pk}:{step.evidence}" for item, step in stands)
    return hashlib.sha256(f"{party.pk}|{said}".encode()).hexdigest()


def _refuse_live(party: Party) -> None:
    if party.environment != Environment.TEST:
        raise NotReady(f"{party.code} is LIVE; the checklist is its TEST party's.")


def _refuse_lacking(party: Party, *, now: datetime) -> None:
    names = dict(Item.choices) | {"OWNER": "Its owner"}
    lacking = [f"{names[one.item]}: {one.todo}" for one in rule.lacks(_known(party, now=now))]
    if lacking:
        raise NotReady(f"{party.code} cannot go live yet. It lacks: {' '.join(lacking)}")


def _steps(party: Party) -> dict[str, ChecklistStep]:
    stand = ChecklistStep.objects.filter(party=party, withdrawn_at__isnull=True)
    return {step.item: step for step in stand}


def _known(party: Party, *, now: datetime) -> rule.Known:
    """The facts as they are today; those of an owner are missing where there is none."""
    owner = queries.current_owner(party, at=now)
    endpoints = list(
        RoamingEndpoint.objects.filter(parties=party, environment=party.environment)
        .exclude(state=RoamingEndpoint.State.SUSPENDED)
        .select_related("owner")
    )
    suppliers = {one.owner for one in endpoints if one.owner != owner}
    mandated = set(
        Mandate.objects.filter(
            queries.in_period(now), grantor=owner, agent__in=suppliers, parties=party
        ).values_list("agent", flat=True)
    )
    # The native API has no cases to be asked: its clients are tried against the sandbox.
    certifiable = [one for one in endpoints if one.protocol != "REST"]
    contracts = ParticipationContract.objects.filter(queries.in_period(now), partner=owner)
    return rule.Known(
        role=party.role,
        owner_state=queries.current_state(owner, now=now) if owner else rule.NOBODY,
        confirmed=set(_steps(party)),
        has_checked_vat=_registrations(owner, on=now.date()).exists(),
        has_contract=contracts.filter(groups__isnull=False).exists(),
        has_bank_account=BankAccount.objects.filter(queries.in_period(now), partner=owner).exists(),
        suppliers={one.name for one in suppliers},
        unmandated={one.name for one in suppliers if one.pk not in mandated},
        is_certifiable=bool(certifiable),
        is_certified=all(_is_certified(one) for one in certifiable),
    )


def _registrations(owner: Partner | None, *, on: date) -> QuerySet[TaxRegistration]:
    """VAT numbers that hold on the day, and that a register confirmed."""
    return TaxRegistration.objects.filter(
        Q(until_date__isnull=True) | Q(until_date__gt=on),
        partner=owner,
        from_date__lte=on,
        check_date__isnull=False,
    )


def _is_certified(endpoint: RoamingEndpoint) -> bool:
    """Its newest report has no failure; by its own test system, or by its owner's at that URL."""
    newest = CertificationRun.objects.filter(endpoint=endpoint).order_by("-ran_at").first()
    return newest is not None and newest.failed == 0 and newest.passed > 0


def _live_twin(party: Party, owner: Partner, *, now: datetime) -> Party:
    live, is_new = Party.objects.get_or_create(
        country_code=party.country_code,
        party_id=party.party_id,
        role=party.role,
        environment=Environment.LIVE,
        defaults={"name": party.name},
    )
    if is_new:
        PartyOwnership.objects.create(party=live, partner=owner, starts_at=now)
    elif queries.current_owner(live, at=now) != owner:
        raise NotReady(f"{party.code} is LIVE already, and another partner's.")
    return live


def _let_be_active(owner: Partner, *, checker: User, now: datetime) -> None:
    if queries.current_state(owner, now=now) == PartnerState.State.ACTIVE:
        return
    life.step(
        owner,
        PartnerState.State.ACTIVE,
        reason="its first party went live",
        actor=checker.get_username(),
        now=now,
    )


def _note(
    step: str,
    party: Party,
    *,
    by: User,
    now: datetime,
    reason: str = "",
    after: dict[str, object] | None = None,
) -> None:
    audit.record(
        f"party.{step}",
        party,
        actor=by.get_username(),
        at=now,
        reason=reason,
        after=after,
    )
