"""A world for portal and API: one settled month, and every kind of record in the open one.

Nordlicht sold and Voltaire bought; Laterne is the stranger.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from billing.models import ClearingWindow, Document, DocumentFile
from billing.services.statements import issue_statements
from partners.models import GroupMembership, ParticipationContract, Partner, SettlementGroup, User
from tests.billing.closed_windows import CLOSED_AT, SUPPLY_ENDS_AT, closed_window
from tests.makers import (
    LONG_AGO,
    NOON,
    AgreementMaker,
    PartnerUserMaker,
    laterne,
    nordlicht,
    numbered_record,
    partner_of,
    take,
    voltaire,
)

PDF = b"%PDF-1.7 the statement's bytes\n%%EOF"
DECEMBER = datetime(2026, 12, 10, 12, 0, tzinfo=UTC)


class World(NamedTuple):
    """Who is who, and what there is to see."""

    group: SettlementGroup
    nordlicht: Partner
    voltaire: Partner
    laterne: Partner
    statement: Document
    settled_id: str


def settled_month(*, records: int = 1) -> World:
    """November is settled with ``records`` of Nordlicht for Voltaire; statements have a PDF."""
    agreement = AgreementMaker()
    world_group = agreement.group
    for party in (nordlicht(), voltaire()):
        join(partner_of(party), world_group)
    outcomes = take(*(numbered_record(number) for number in range(1, records + 1)))
    settlement = closed_window(world_group)
    documents = {
        document.partner.name: document for document in issue_statements(settlement, now=CLOSED_AT)
    }
    for document in documents.values():
        store_pdf(document)
    return World(
        group=world_group,
        nordlicht=partner_of(nordlicht()),
        voltaire=partner_of(voltaire()),
        laterne=partner_of(laterne()),
        statement=documents["Nordlicht"],
        settled_id=outcomes[0].record_id,
    )


def join(partner: Partner, group: SettlementGroup) -> None:
    contract, _ = ParticipationContract.objects.get_or_create(
        partner=partner, defaults={"number": f"PC-{partner.name}", "starts_at": LONG_AGO}
    )
    GroupMembership.objects.get_or_create(contract=contract, group=group)


def store_pdf(document: Document, content: bytes = PDF) -> DocumentFile:
    return DocumentFile.objects.create(
        document=document,
        media_type="application/pdf",
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        rendered_at=CLOSED_AT,
    )


def open_december(group: SettlementGroup) -> ClearingWindow:
    """The window after the settled one."""
    return ClearingWindow.objects.create(
        group=group,
        environment=group.environment,
        supply_starts_at=SUPPLY_ENDS_AT,
        supply_ends_at=SUPPLY_ENDS_AT + timedelta(days=31),
        closes_at=SUPPLY_ENDS_AT + timedelta(days=38, hours=18),
        opened_at=NOON,
    )


def person_of(partner: Partner) -> User:
    return PartnerUserMaker(partner=partner)
