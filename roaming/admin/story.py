"""The story of one record: figures, findings with what to do, timeline, facts."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timeuntil

from partners.admin.story import (
    BAD,
    GOOD,
    INFO,
    WARN,
    Badge,
    Facts,
    Figure,
    Figures,
    Note,
    Step,
    Table,
    Timeline,
    link,
)
from roaming.admin import rating
from roaming.admin.chain import chain_table
from roaming.admin.sections import told_by_others
from roaming.models import (
    Delivery,
    Dispute,
    Finding,
    HoldCorrection,
    IntakeBatch,
    Sdr,
    SdrEvent,
    SdrKey,
    SdrState,
)
from roaming.rules.catalog import REMEDIES, RULES, STRUCTURE

TONES = {"REJECTED": BAD, "HELD": WARN, "DISPUTED": WARN, "ACCEPTED": GOOD}
_TITLES = {rule.code: rule.title for rule in reversed((STRUCTURE, *RULES))}
_SEVERITY_TONES = {"REJECT": BAD, "HELD": WARN, "HOLD": WARN, "WARN": INFO}
_PERIODS_SHOWN = 96


def of(sdr: Sdr) -> list[object]:
    state = SdrState.objects.select_related("agreement").get(sender=sdr.sender, pk=sdr.pk)
    findings = list(Finding.objects.filter(record_id=sdr.pk).order_by("version", "code"))
    return [
        _figures(sdr, state, findings),
        *_to_tell(sdr, state),
        _findings(findings),
        *told_by_others(sdr),
        *rating.sections(sdr),
        *chain_table(sdr.pk),
        *_disputes(sdr),
        _timeline(sdr),
        *_corrections(sdr),
        _who(sdr, state),
        _session(sdr),
        _items(sdr),
        *_periods(sdr),
    ]


def decimal(value: Decimal | None) -> str:
    """A figure without trailing zeros: 18.4, not 18.400000."""
    if value is None:
        return "—"
    whole, _, rest = f"{value:,f}".partition(".")
    rest = rest.rstrip("0")
    return f"{whole}.{rest}" if rest else whole


def expiry(expires_at: datetime, *, now: datetime) -> str:
    """When the clock rejects what is held; it does so once a night."""
    if expires_at <= now:
        return "next night"
    return f"in {timeuntil(expires_at, now, depth=1)}"


def claim(sdr: Sdr) -> str:
    return claim_text(sdr.claim_amount, sdr.currency)


def claim_text(amount: Decimal | None, currency: str) -> str:
    if amount is None:
        return "not billed"
    text = f"{amount:,f}"
    # Two decimals at least, more only where the record has them.
    while text.endswith("0") and len(text.partition(".")[2]) > 2:
        text = text[:-1]
    return f"{text} {currency}"


def _figures(sdr: Sdr, state: SdrState, findings: list[Finding]) -> Figures:
    duration = sdr.ended_at - sdr.started_at if sdr.ended_at and sdr.started_at else None
    return Figures(
        [
            Figure("State", Badge(state.state, TONES.get(state.state, INFO))),
            Figure("Claim", claim(sdr)),
            Figure("Energy", f"{decimal(sdr.energy_kwh)} kWh"),
            Figure("Duration", _in_words(duration)),
            Figure("Findings", len(findings)),
        ]
    )


def _in_words(duration: timedelta | None) -> str:
    if duration is None:
        return "—"
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {seconds:02} s"


def _to_tell(sdr: Sdr, state: SdrState) -> Iterator[Note]:
    """What somebody on the telephone wants to know of a rejected record, beside the cause."""
    if state.state != SdrState.State.REJECTED:
        return
    is_taken = bool(sdr.sdr_id) and SdrKey.objects.filter(cso=sdr.seller_id, sdr_id=sdr.sdr_id)
    if is_taken and is_taken.exists():
        yield Note(
            "Nothing of this attempt is billed. A later one took its place under the same id:"
            " search for the id to see it.",
            title="What to tell the sender",
        )
        return
    yield Note(
        "Nothing of it is billed, and its id is free again. The sender corrects what is named"
        " below and sends the record again, with the same id; or, in the portal, it corrects the"
        " record by file under Records.",
        title="What to tell the sender",
    )


def codes_in_words(codes: Iterable[str]) -> SafeString:
    """Codes that say what they mean to whoever points at them."""
    return format_html_join(
        " ", '<abbr title="{}">{}</abbr>', ((_TITLES.get(code, code), code) for code in codes)
    )


def title_of(code: str) -> str:
    return _TITLES.get(code, "")


def _findings(findings: list[Finding]) -> Table:
    rows = [
        (
            finding.code,
            Badge(finding.severity, _SEVERITY_TONES[finding.severity]),
            _what(finding),
            finding.field,
            REMEDIES.get(finding.code, ""),
        )
        for finding in findings
    ]
    return Table(
        "Findings and what to do",
        ("Code", "Weight", "What is wrong", "Field", "What to do"),
        rows,
        empty="Every rule that applies was kept.",
    )


def _what(finding: Finding) -> object:
    override = finding.override_reason
    return format_html(
        "<strong>{}</strong><br>{}{}",
        _TITLES.get(finding.code, finding.code),
        finding.message,
        f" (softened by the agreement: {override})" if override else "",
    )


def _disputes(sdr: Sdr):
    disputes = list(Dispute.objects.filter(record_id=sdr.pk).order_by("id"))
    if disputes:
        rows = [
            (link(one), one.reason, one.stage, claim_text(one.disputed_amount, one.currency))
            for one in disputes
        ]
        headers = ("Dispute", "Reason", "Stage", "In question")
        yield Table("Disputes about it", headers, rows, frozenset({3}))


def _timeline(sdr: Sdr) -> Timeline:
    steps = [Step(sdr.received_at, "Received", f"from {sdr.sender}, attempt {sdr.attempt}")]
    for event in SdrEvent.objects.filter(sender=sdr.sender, record_id=sdr.pk).order_by("version"):
        # On arrival the checks decide; whoever sent the record only brought it.
        word = "checked on arrival, sent by" if event.path[0] == "RECEIVED" else "by"
        text = f"{word} {event.actor}" + (f": {event.reason}" if event.reason else "")
        steps.append(Step(event.at, " → ".join(event.path), text, TONES.get(event.to_state, INFO)))
    if sdr.buyer_id:
        deliveries = Delivery.objects.filter(
            receiver=sdr.buyer_id, subject_id=sdr.pk, kind=Delivery.Kind.SDR
        )
        for delivery in deliveries:
            number = f"as no. {delivery.sequence}" if delivery.sequence else "not yet numbered"
            steps.append(Step(delivery.created_at, f"Owed to {sdr.buyer}", number))
    return Timeline("Timeline", steps)


def _corrections(sdr: Sdr):
    """What staff or its sender corrected: before and after of each field, by whom and why."""
    mine = Q(record_id=sdr.pk) | Q(new_record_id=sdr.pk)
    rows = []
    for one in HoldCorrection.objects.filter(mine).select_related("user").order_by("corrected_at"):
        is_before = one.record_id == sdr.pk
        other = one.new_record_id if is_before else one.record_id
        url = reverse("admin:roaming_sdr_change", args=[other])
        word = "next attempt" if is_before else "attempt before"
        there = format_html('<a class="ch-link" href="{}">{}</a>', url, word)
        by = f"{one.user} (its sender)" if one.user.partner_id else one.user
        for name, (before, after) in sorted(one.changes.items()):
            rows.append((name, before or "—", after or "—", by, one.reason, there))
    if rows:
        yield Table(
            "Corrected by file",
            ("Field", "Before", "After", "By", "Why", "Record"),
            rows,
            note="a record is never changed: the corrected one is a new attempt under the same id",
        )


def _who(sdr: Sdr, state: SdrState) -> Facts:
    batch = IntakeBatch.objects.filter(pk=sdr.batch_id).first()
    return Facts(
        "Who",
        [
            ("Seller (visited-CSO)", link(sdr.seller) if sdr.seller else sdr.cso_code),
            ("Buyer (home-CSP)", link(sdr.buyer) if sdr.buyer else sdr.csp_code or "nobody named"),
            ("Agreement", link(state.agreement) if state.agreement else "none applied"),
            ("Sent by", link(sdr.sender)),
            ("On the mandate", link(sdr.mandate) if sdr.mandate else None),
            ("Came with", _came_with(batch, sdr)),
            ("Driver (pseudonym)", sdr.pseudonym),
            ("Environment", sdr.environment),
        ],
    )


def _came_with(batch: IntakeBatch | None, sdr: Sdr) -> object:
    if batch is None:
        return None
    url = reverse("admin:roaming_intakebatch_change", args=[batch.pk])
    return format_html(
        '<a class="ch-link" href="{}">{}</a>, record {}', url, batch, sdr.position + 1
    )


def _session(sdr: Sdr) -> Facts:
    return Facts(
        "Session",
        [
            ("SDR id", sdr.sdr_id),
            ("Service session", sdr.service_session_id),
            ("Part", sdr.split_no or None),
            ("Charging session", sdr.charging_session_id),
            ("Transaction", sdr.transaction_id),
            ("Start", sdr.started_at),
            ("End", sdr.ended_at),
            ("EVSE id", sdr.evse_id),
            ("EVSE id as received", sdr.evse_id_received if not sdr.evse_id else None),
            ("Place", ", ".join(filter(None, (sdr.location_name, sdr.location_city)))),
            ("Country", sdr.location_country),
            ("Connector", " ".join(filter(None, (sdr.connector_type, sdr.current_type)))),
            ("Power (kW)", decimal(sdr.max_power_kw) if sdr.max_power_kw else None),
            ("Meter start (kWh)", decimal(sdr.meter_start_kwh) if sdr.meter_start_kwh else None),
            ("Meter end (kWh)", decimal(sdr.meter_end_kwh) if sdr.meter_end_kwh else None),
            ("Credential", sdr.credential_type),
            ("Authorized by", sdr.authorization_method),
            ("Tariff", sdr.tariff_id),
            ("Credits", sdr.credits_sdr_id),
            ("Replaces", sdr.replaces_sdr_id),
            ("Rules that lacked a fact", ", ".join(sdr.not_applicable)),
            ("Content (SHA-256)", sdr.payload_sha256),
        ],
    )


def _items(sdr: Sdr) -> Table:
    rows = [
        (kind.capitalize(), decimal(quantity), decimal(price), decimal(amount))
        for kind, quantity, price, amount in zip(
            sdr.item_kinds,
            sdr.item_quantities,
            sdr.item_unit_prices,
            sdr.item_amounts,
            strict=False,
        )
    ]
    return Table(
        "What the claim is made of",
        ("Item", "Quantity", "Unit price", f"Amount {sdr.currency}"),
        rows,
        frozenset({1, 2, 3}),
        empty="The record lists no items.",
    )


def _periods(sdr: Sdr):
    if not sdr.period_started_at:
        return
    rows = [
        (at.strftime("%Y-%m-%d %H:%M:%S"), f"{seconds:,} s", decimal(energy))
        for at, energy, seconds in zip(
            sdr.period_started_at, sdr.period_energy_kwh, sdr.period_duration_s, strict=False
        )
    ]
    note = "" if len(rows) <= _PERIODS_SHOWN else f"the first {_PERIODS_SHOWN} of {len(rows)}"
    yield Table(
        "Charging periods (UTC)",
        ("Start", "Duration", "kWh"),
        rows[:_PERIODS_SHOWN],
        frozenset({1, 2}),
        note=note,
    )
