"""Answer a record by another one: the house makes a replacement, chains tell one history."""

from datetime import datetime
from decimal import Decimal
from itertools import count
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import Max

from partners.models import Party
from partners.queries import current_owner
from roaming.intake.structure import read_sdr
from roaming.messages import SdrOutcome
from roaming.models import Sdr, SdrKey, SdrLink, SdrState, SessionKey
from roaming.queries_chain import chain_of
from roaming.services import lifecycle
from roaming.services.intake import Origin, take_in
from roaming.services.revalidation import read_again

# What a part of a record cannot tell.
_OF_THE_WHOLE = frozenset(
    {"signed_data", "meter_id", "meter_start_kwh", "meter_end_kwh", "charging_periods"}
)
_encode = msgspec.json.Encoder(decimal_format="string").encode


class CannotReplace(Exception):
    """The replacement did not pass intake; the text names its codes. Nothing was changed."""


def replace(record_id: UUID, *, amount: Decimal, actor: str, reason: str, now: datetime) -> UUID:
    """Put a record of ``amount`` in the place of one in dispute; both sides have agreed to it.

    The original becomes SUPERSEDED, the replacement passes intake in the seller's name and is
    accepted at once. Its items are scaled, the last one takes the residue.

    :raises CannotReplace: nothing was changed, and no replacement is left waiting.
    """
    with transaction.atomic():
        return _replace(record_id, amount=amount, actor=actor, reason=reason, now=now)


def split(
    record_id: UUID, *, stands: Decimal, actor: str, reason: str, now: datetime
) -> tuple[UUID, UUID]:
    """Put two records in the place of one in dispute: what stands, accepted, and the rest.

    Both bill parts of the same session; the rest stays DISPUTED. Energy and items are shared out
    by amount, the rest takes the residue. The original becomes SUPERSEDED.

    :raises CannotReplace: nothing was changed.
    """
    original = Sdr.objects.get(id=record_id)
    total = original.claim_amount or Decimal(0)
    if original.seller_id is None or not 0 < stands < total:
        raise CannotReplace(f"{stands} is no part of {total}")
    with transaction.atomic():
        fields = _without_measurements(_fields_of(original))
        energy = round((original.energy_kwh or Decimal(0)) * stands / total, 3)
        first = _shared(original, stands, energy)
        rest = _shared(original, total - stands, (original.energy_kwh or Decimal(0)) - energy)
        accepted = _stand_in(original, fields | first, actor=actor, reason=reason, now=now)
        own = {"sdr_id": _next_id(original), "split_no": _free_part(original)}
        remainder = _taken(original, fields | rest | own, actor=actor, now=now)
        _leave_in_dispute(UUID(remainder.record_id), actor=actor, reason=reason, now=now)
        SdrLink.objects.create(
            record_id=remainder.record_id,
            original_id=original.id,
            cso_id=original.seller_id,
            kind=SdrLink.Kind.SPLIT,
            linked_at=now,
        )
    return accepted, UUID(remainder.record_id)


def _replace(record_id: UUID, *, amount: Decimal, actor: str, reason: str, now: datetime) -> UUID:
    original = Sdr.objects.get(id=record_id)
    fields: dict[str, object] = {
        **_fields_of(original),
        "total_amount": str(amount),
        "items": _scaled(original, amount),
    }
    return _stand_in(original, fields, actor=actor, reason=reason, now=now)


def _stand_in(
    original: Sdr, fields: dict[str, object], *, actor: str, reason: str, now: datetime
) -> UUID:
    own = {"sdr_id": _next_id(original), "replaces_sdr_id": original.sdr_id}
    outcome = _taken(original, fields | own, actor=actor, now=now)
    if outcome.outcome not in ("accepted", "duplicate"):
        raise CannotReplace(f"the replacement was {outcome.outcome}: {', '.join(outcome.codes)}")
    replacement = UUID(outcome.record_id)
    if SdrState.objects.get(id=replacement).state == "DELIVERED":
        lifecycle.move(replacement, "ACCEPTED", actor=actor, reason=reason, now=now)
    return replacement


def _taken(original: Sdr, fields: dict[str, object], *, actor: str, now: datetime) -> SdrOutcome:
    """Take a record in, in the seller's name."""
    seller = Party.objects.get(pk=str(original.seller_id))
    owner = current_owner(seller, at=now)
    if owner is None:
        raise CannotReplace(f"party {seller.code} has no owner")
    chunks = take_in(
        [read_sdr(msgspec.json.encode(fields))],
        sender=owner,
        environment=original.environment,
        origin=Origin(door="DISPUTE", actor=actor[:150]),
        received_at=now,
    )
    [outcome] = [outcome for chunk in chunks for outcome in chunk]
    return outcome


def _leave_in_dispute(record_id: UUID, *, actor: str, reason: str, now: datetime) -> None:
    """Whatever a rule says of a part that looks like its sibling, it goes where the whole was."""
    state = SdrState.objects.get(id=record_id)
    if state.state not in ("HELD", "DELIVERED") or state.seller_id is None or not state.buyer_id:
        raise CannotReplace(f"the part in dispute was {state.state}")
    path = ["VALIDATED", "RATED", "DELIVERED"] if state.state == "HELD" else []
    lifecycle.move(record_id, [*path, "DISPUTED"], actor=actor, reason=reason, now=now)


def _fields_of(original: Sdr) -> dict[str, object]:
    """The record as received, whatever it came as; where that is erased, what its row tells."""
    submission = read_again([original.id]).get(original.id)
    if submission is not None:
        stated: dict[str, object] = msgspec.json.decode(_encode(submission.sdr))
        return {name: value for name, value in stated.items() if value not in ("", None, [])}
    return {
        "cso_id": original.cso_code,
        "csp_id": original.csp_code,
        "service_session_id": original.service_session_id,
        "split_no": original.split_no,
        "evse_id": original.evse_id_received,
        "started_at": original.started_at,
        "ended_at": original.ended_at,
        "energy_kwh": str(original.energy_kwh),
        "currency": original.currency,
        "location_country": original.location_country,
    }


def _without_measurements(fields: dict[str, object]) -> dict[str, object]:
    """What is measured and signed tells of the whole: it stays with the original."""
    return {name: value for name, value in fields.items() if name not in _OF_THE_WHOLE}


def _shared(original: Sdr, amount: Decimal, energy: Decimal) -> dict[str, object]:
    total = original.claim_amount or Decimal(0)
    items = _scaled(original, amount)
    for item in items:
        if "quantity" in item:
            share = energy if item["kind"] == "ENERGY" and len(items) == 1 else None
            quantity = Decimal(item["quantity"]) * amount / total if share is None else share
            item["quantity"] = str(round(quantity, 3))
    return {"total_amount": str(amount), "energy_kwh": str(energy), "items": items}


def _free_part(original: Sdr) -> int:
    taken = SessionKey.objects.filter(
        cso_id=original.seller_id, session_id=original.service_session_id
    ).aggregate(last=Max("split_no"))["last"]
    return (original.split_no if taken is None else taken) + 1


def _next_id(original: Sdr) -> str:
    """The first one that no record of the seller bears: it may have used any name itself."""
    first = len(chain_of(original.id))
    for number in count(first):
        named = f"{original.sdr_id[:92]}-R{number}"
        if not SdrKey.objects.filter(cso_id=original.seller_id, sdr_id=named).exists():
            return named
    raise AssertionError("unreachable")


def _scaled(original: Sdr, amount: Decimal) -> list[dict[str, str]]:
    total = original.claim_amount or Decimal(0)
    items: list[dict[str, str]] = []
    left = amount
    for place, (kind, quantity, part) in enumerate(
        zip(original.item_kinds, original.item_quantities, original.item_amounts, strict=True)
    ):
        is_last = place == len(original.item_kinds) - 1
        share = left if is_last or not total else round(part * amount / total, 6)
        left -= share
        item = {"kind": kind, "amount": str(share)}
        items.append(item | ({"quantity": str(quantity)} if quantity is not None else {}))
    return items
