"""Posting to the ledger against django-hordak's bulk path, in one database, entry by entry.

Ours is what issuing a settlement does: ``post_settlement`` over a window's cleared records, with
every constraint and trigger of the product; hordak is given the same accounts and amounts in
memory. One entry is one transfer of ours and one transaction of two legs of theirs. Sealing comes
later in production, by the clock, and is measured by itself.
"""

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from billing.models import Account, ClearedSdr, ClearingRun, ClearingWindow, Settlement, Transfer
from billing.services import ledger, sealing
from billing.services.ledger import Entry, Side
from billing.services.postings import post_settlement
from billing.services.supplies import tax_settlement
from billing.services.windows import ensure_windows
from clearinghouse.uuid7 import new_uuid7
from partners.models import Party, RoamingAgreement, SettlementGroup
from tests import makers
from tests.benchmarks import hordak_ledger, raw_copy
from tests.benchmarks.processor_time import cost_of
from tests.benchmarks.sizes import Sizes

POSTING = "posting a settlement"
HORDAK = "django-hordak, bulk_create"
BY_ENTRY = "ledger.post of ready entries"
SEALING = "sealing"
_AT_ONCE = 5_000


def measure(measured, database, sizes: Sizes) -> None:
    """Each round has a window of its own; who comes first changes from round to round."""
    group = makers.GroupMaker(name="EUR ledger", taxes=SettlementGroup.Taxes.NOT_APPLIED)
    agreements = _agreements(group, sizes)
    for number in range(sizes.rounds + 1):
        window = _window(group, number)
        settlement = _settlement(window, agreements, sizes.records_of_pair)
        database.execute("ANALYZE")  # in production autovacuum does
        _measure(measured, database, settlement, is_ours_first=number % 2 == 0)


def _measure(measured, database, settlement: Settlement, *, is_ours_first: bool) -> None:
    now = timezone.now()
    told = _transfers_to_be(settlement, now)
    accounts = hordak_ledger.accounts_for(told)
    entries = list(_entries(told))

    @transaction.atomic
    def ours() -> int:
        post_settlement(settlement, now=now)
        return len(told)

    @transaction.atomic
    def by_entry() -> int:
        return len(ledger.post(entries, now=now))

    def theirs() -> int:
        return hordak_ledger.post(told, accounts)

    turns: list[tuple[str, Callable[[], int]]] = [(POSTING, ours), (BY_ENTRY, by_entry)]
    turns.insert(2 if is_ours_first else 0, (HORDAK, theirs))
    for variant, work in [*turns, (SEALING, lambda: sealing.seal(now=now))]:
        done: list[int] = []
        cost = cost_of(
            lambda work=work, done=done: done.append(work()),
            python=[os.getpid()],
            postmaster=raw_copy.postmaster_of(database),
        )
        expected = 2 * len(told) if variant == SEALING else len(told)
        assert done == [expected], (variant, done)
        measured.add(variant, cost, expected)
    assert settlement.window.transfers.count() == 2 * len(told)


def _transfers_to_be(settlement: Settlement, now: datetime) -> list[Transfer]:
    """What ours will post, from a posting that is taken back."""
    with transaction.atomic():
        post_settlement(settlement, now=now)
        told = list(Transfer.objects.filter(window=settlement.window).order_by("pk"))
        accounts = Account.objects.in_bulk()
        for one in told:
            one.debit_account = accounts[one.debit_account_id]
            one.credit_account = accounts[one.credit_account_id]
        transaction.set_rollback(True)
    return told


def _entries(told: list[Transfer]) -> Iterator[Entry]:
    for one in told:
        yield Entry(
            event_key=f"again:{one.event_key}",
            kind=one.kind,
            debit=Side(one.debit_account.code, one.debit_account.partner_id),
            credit=Side(one.credit_account.code, one.credit_account.partner_id),
            amount_minor=one.amount_minor,
            currency=one.currency,
            environment=one.environment,
            window_id=one.window_id,
            sdrs=one.sdrs,
        )


def _agreements(group: SettlementGroup, sizes: Sizes) -> list[RoamingAgreement]:
    """Each seller with each buyer; each party has a partner of its own."""
    sellers = [_party("SE", "CSO", number) for number in range(sizes.sellers)]
    buyers = [_party("DK", "CSP", number) for number in range(sizes.buyers)]
    return RoamingAgreement.objects.bulk_create(
        makers.AgreementMaker.build(
            number=f"LEDGER-{s}-{b}", seller=seller, buyer=buyer, group=group
        )
        for s, seller in enumerate(sellers)
        for b, buyer in enumerate(buyers)
    )


def _party(country: str, role: str, number: int) -> Party:
    partner = makers.PartnerMaker()
    return makers.PartyMaker(
        country_code=country,
        party_id=f"{number:03d}",
        role=role,
        partner=partner,
        owned_by=partner,
    )


def _window(group: SettlementGroup, number: int) -> ClearingWindow:
    ensure_windows(group, now=timezone.now() + timedelta(days=31 * number))
    return group.windows.order_by("supply_starts_at")[number]


def _settlement(
    window: ClearingWindow, agreements: list[RoamingAgreement], records_of_pair: int
) -> Settlement:
    """A closed window of cleared records whose supplies are taxed, ready to be posted."""
    now = timezone.now()
    run = ClearingRun.objects.create(
        group=window.group, run_key=f"ledger {window.pk}", started_at=now
    )
    owners = {
        party.pk: makers.partner_of(party)
        for party in Party.objects.filter(country_code__in=["SE", "DK"])
    }
    ClearedSdr.objects.bulk_create(
        (
            _cleared(agreement, owners, window=window, run=run, cents=place % 5_000 + 100)
            for place, agreement in enumerate(agreements * records_of_pair)
        ),
        batch_size=_AT_ONCE,
    )
    window.state, window.closed_at = ClearingWindow.State.CLOSED, now
    window.save()
    settlement = Settlement.objects.create(
        window=window,
        environment=window.environment,
        currency=window.group.currency,
        state=Settlement.State.CALCULATED,
        positions_sha256="0" * 64,
        calculated_at=now,
    )
    tax_settlement(settlement, now=now)
    return settlement


def _cleared(agreement, owners, *, window, run, cents: int) -> ClearedSdr:
    seller, buyer = agreement.seller_id, agreement.buyer_id
    return ClearedSdr(
        id=new_uuid7(),
        seller_id=seller,
        buyer_id=buyer,
        seller_partner=owners[seller],
        buyer_partner=owners[buyer],
        sender=owners[seller],
        environment=window.environment,
        agreement=agreement,
        window=window,
        run=run,
        currency=agreement.currency,
        is_billed=True,
        energy_kwh=cents / 50,
        claim_minor=cents,
        commission_rate=agreement.commission_rate,
        commission_minor=cents // 100,
        payout_minor=cents - cents // 100,
        commission_beneficiary=agreement.commission_beneficiary,
        charge_country_code="SE",
        ended_at=window.supply_starts_at + timedelta(hours=12),
        cleared_at=run.started_at,
    )
