"""A house with a row of everything, for pages that must open whatever there is."""

from dataclasses import dataclass
from datetime import timedelta

from billing.models import ClearingWindow, Document
from billing.services.closing import Closing, close_window
from billing.services.windows import ensure_windows
from partners.models import (
    Approval,
    BankAccount,
    Job,
    Mandate,
    ParticipationContract,
    Partner,
    RoamingAgreement,
    RoamingEndpoint,
    SettlementGroup,
    User,
)
from partners.services import audit, clients, jobs
from roaming.models import Alert, Erasure, SdrState
from tests.makers import (
    LONG_AGO,
    NOON,
    AgreementMaker,
    PartnerUserMaker,
    StaffMaker,
    fjell,
    nordlicht,
    numbered_record,
    partner_of,
    take,
    voltaire,
)


@dataclass(frozen=True, slots=True)
class House:
    """What tests ask for by name."""

    staff: User
    nordlicht: Partner
    voltaire: Partner
    agreement: RoamingAgreement
    group: SettlementGroup
    closing: Closing
    open_window: ClearingWindow
    document: Document
    job: Job
    accepted: SdrState
    held: SdrState
    rejected: SdrState


def a_house() -> House:
    """Eight records cleared, one held, one rejected; November is closed, December open."""
    staff = StaffMaker()
    agreement = AgreementMaker()
    seller, buyer = partner_of(nordlicht()), partner_of(voltaire())
    _master_data(staff, seller, buyer, agreement)
    take(
        *(numbered_record(number) for number in range(1, 9)),
        numbered_record(9, csp_id="IT*NEW"),
        numbered_record(10, energy_kwh="-3"),
    )
    ensure_windows(agreement.group, now=NOON)
    window = agreement.group.windows.order_by("supply_ends_at").first()
    closing = close_window(window, now=NOON + timedelta(hours=1))
    return House(
        staff=staff,
        nordlicht=seller,
        voltaire=buyer,
        agreement=agreement,
        group=agreement.group,
        closing=closing,
        open_window=agreement.group.windows.filter(state="OPEN").earliest("supply_ends_at"),
        document=closing.documents[0],
        job=_a_job(staff),
        accepted=SdrState.objects.filter(state="ACCEPTED").earliest("id"),
        held=SdrState.objects.get(state="HELD"),
        rejected=SdrState.objects.get(state="REJECTED"),
    )


def _master_data(staff: User, seller: Partner, buyer: Partner, agreement: RoamingAgreement) -> None:
    contract = ParticipationContract.objects.create(
        partner=seller, number="PC-1", has_netting_clause=True, starts_at=LONG_AGO
    )
    contract.groups.add(agreement.group)
    BankAccount.objects.create(
        partner=seller,
        currency="EUR",
        holder="Nordlicht GmbH",
        iban="DE89370400440532013000",
        starts_at=LONG_AGO,
    )
    mandate = Mandate.objects.create(
        grantor=seller, agent=buyer, verbs=["SUBMIT_SDR"], starts_at=LONG_AGO
    )
    mandate.parties.add(agreement.seller)
    RoamingEndpoint.objects.create(owner=seller, protocol="REST")
    clients.create_api_client(seller, environment="LIVE", name="backend", scopes=["sdr:write"])
    PartnerUserMaker(partner=seller)
    fjell()
    Approval.objects.create(
        verb="pay",
        object_type="Settlement",
        object_id="1",
        content_sha256="0" * 64,
        reason="month-end",
        maker=staff,
        requested_at=NOON,
        expires_at=NOON + timedelta(days=1),
    )
    Alert.objects.create(
        kind="SILENCE", subject="1", party=agreement.seller, text="0 records", opened_at=NOON
    )
    Erasure.objects.create(erased_at=NOON, actor="olga", ground="Art. 17 request", rows=1)
    audit.record("partner.opened", seller, actor="olga", at=NOON, reason="signed")


def _a_job(staff: User) -> Job:
    return jobs.enqueue(
        "roaming.import_file",
        run_key="import:1",
        title="Import november.csv",
        parameters={"profile": "lugano"},
        requested_by=staff,
    )
