"""One judged chunk into the tables: keys in their order first, then all that hangs on them.

What other senders may want too (keys) goes by COPY into a stage and INSERT … SELECT in key order;
what is ours alone (the records, their bytes) goes by COPY straight into its table.

Runs inside the caller's transaction. Where a key was taken meanwhile, nothing of the chunk may
stay: the caller rolls back and judges again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.db import connection

from clearinghouse.retry import KeyTaken
from clearinghouse.sealing import Sealer
from clearinghouse.statements import load_statement
from clearinghouse.uuid7 import uuid7_at
from roaming.intake.columns import (
    RAW_COLUMNS,
    SDR_COLUMNS,
    STAGE_COLUMNS,
    raw_row,
    sdr_row,
    stage_row,
)
from roaming.intake.judge import Judged, takes_session
from roaming.intake.normal import pseudonym_for
from roaming.intake.originals import answer_originals
from roaming.intake.ratings import NewRating, write_ratings
from roaming.intake.signed_facts import SIGNED_COLUMNS, rows_of
from roaming.intake.structure import printable
from roaming.models import IntakeBatch, IntakeTally
from roaming.rules.catalog import RULES_VERSION
from roaming.rules.pseudonym import Pseudonym

_SQL = Path(__file__).parent / "sql"
_FINDING_COLUMNS = (
    "id sender_id record_id version code severity field message override_reason measured"
    ' "limit" rules_version'
).split()
_AFTER_KEYS = ("40_add_states", "50_add_events", "60_owe_deliveries", "65_enter_holds", "70_drop")


def write_chunk(
    judged: Sequence[Judged], *, batch: IntakeBatch, received_at: datetime, actor: str
) -> None:
    """Write every new record of the chunk and the chunk's tally.

    :raises KeyTaken: an SDR id, session or attempt number was taken since the chunk was judged.
    """
    new = [one for one in judged if one.is_new]
    if new:
        with connection.cursor() as cursor:
            _write_new(cursor, new, batch=batch, actor=actor)
    _count(judged, batch=batch, received_at=received_at)


def _write_new(cursor, new: Sequence[Judged], *, batch: IntakeBatch, actor: str) -> None:
    pseudonyms = _pseudonyms(new)
    _stage(cursor, new)
    answer_originals(new, actor=actor, now=batch.received_at)
    _take_keys(cursor, new)
    _keep_records(cursor, new, pseudonyms, batch=batch)
    parameters = {
        "sender_id": batch.sender_id,
        "environment": batch.environment,
        "received_at": batch.received_at,
        "actor": actor,
    }
    for name in _AFTER_KEYS:
        _run(cursor, name, parameters)
    _add_findings(cursor, new, sender_id=batch.sender_id, received_at=batch.received_at)
    _add_identities(cursor, new, pseudonyms, received_at=batch.received_at)
    _add_signed_values(cursor, new)
    write_ratings(
        cursor,
        (
            NewRating(one.record_id, one.sides.rated)
            for one in new
            if one.sides.rated and one.verdict != "REJECT"
        ),
        rated_at=batch.received_at,
    )


def _stage(cursor, new: Sequence[Judged]) -> None:
    _run(cursor, "00_create")
    with cursor.copy(_copy_into("intake_stage", STAGE_COLUMNS)) as copy:
        for one in new:
            copy.write_row(stage_row(one))


def _take_keys(cursor, new: Sequence[Judged]) -> None:
    live = [one for one in new if one.verdict != "REJECT"]
    numbered = [
        one
        for one in new
        if one.verdict == "REJECT" and one.sides.seller and one.submission.sdr.sdr_id
    ]
    _take(cursor, "10_take_sdr_keys", expected=len(live))
    _take(cursor, "20_take_session_keys", expected=sum(map(takes_session, live)))
    _run(cursor, "25_replacements_take_sessions")
    _take(cursor, "30_number_rejections", expected=len(numbered))


def _keep_records(
    cursor,
    new: Sequence[Judged],
    pseudonyms: Mapping[int, Pseudonym],
    *,
    batch: IntakeBatch,
) -> None:
    with cursor.copy(_copy_into("roaming_sdr", SDR_COLUMNS)) as copy:
        for one in new:
            pseudonym = pseudonyms.get(one.position)
            shown = pseudonym.shown if pseudonym else ""
            copy.write_row(sdr_row(one, batch=batch, pseudonym=shown))
    sealer = Sealer(settings.PERSONAL_DATA_KEY, purpose="raw-record")
    with cursor.copy(_copy_into("roaming_rawrecord", RAW_COLUMNS)) as copy:
        for one in new:
            copy.write_row(raw_row(one, batch=batch, sealer=sealer))


def _copy_into(table: str, columns: Sequence[str]) -> str:
    return f"COPY {table} ({', '.join(columns)}) FROM STDIN"


def _run(cursor, name: str, parameters: Mapping[str, object] | None = None) -> int:
    cursor.execute(load_statement(_SQL / f"stage_{name}.sql"), parameters)
    return cursor.rowcount


def _take(cursor, name: str, *, expected: int) -> None:
    if _run(cursor, name) != expected:
        raise KeyTaken(name)


def _add_findings(cursor, new: Sequence[Judged], *, sender_id, received_at) -> None:
    with cursor.copy(_copy_into("roaming_finding", _FINDING_COLUMNS)) as copy:
        for one in new:
            for finding in one.findings:
                copy.write_row(
                    (
                        uuid7_at(received_at),
                        sender_id,
                        one.record_id,
                        1,
                        finding.code,
                        finding.severity,
                        finding.field,
                        printable(finding.message),
                        finding.override_reason,
                        printable(finding.measured),
                        finding.limit,
                        RULES_VERSION,
                    )
                )


def _add_signed_values(cursor, new: Sequence[Judged]) -> None:
    rows = [row for one in new for row in rows_of(one)]
    if rows:
        with cursor.copy(_copy_into("roaming_signedvalue", SIGNED_COLUMNS)) as copy:
            for row in rows:
                copy.write_row(row)


def _pseudonyms(new: Sequence[Judged]) -> dict[int, Pseudonym]:
    """The pseudonym of each record that states a contract or credential id, by position."""
    pseudonyms = {}
    for one in new:
        buyer = one.sides.buyer
        pseudonym = pseudonym_for(one.submission.sdr, buyer.id if buyer else None)
        if pseudonym:
            pseudonyms[one.position] = pseudonym
    return pseudonyms


def _add_identities(cursor, new, pseudonyms, *, received_at) -> None:
    """Remember whose pseudonym is whose, once; the only place besides the raw record."""
    sealer = Sealer(settings.PERSONAL_DATA_KEY, purpose="contract-identity")
    identities = {}
    for one in new:
        if one.position in pseudonyms:
            stated = one.submission.sdr.contract_id or one.submission.sdr.credential_id
            csp_id = one.sides.buyer.id if one.sides.buyer else None
            identities[pseudonyms[one.position]] = (csp_id, stated)
    known = _known_hashes(cursor, [identity.contract_hash for identity in identities])
    rows = [
        (
            uuid7_at(received_at),
            csp_id,
            identity.contract_hash,
            identity.shown,
            sealer.seal(stated.encode()),
            received_at,
        )
        for identity, (csp_id, stated) in sorted(identities.items())
        if identity.contract_hash not in known
    ]
    if rows:
        cursor.executemany(
            "INSERT INTO roaming_contractidentity (id, csp_id, contract_hash, pseudonym,"
            " encrypted_contract_id, first_seen_at) VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (contract_hash) DO NOTHING",
            rows,
        )


def _known_hashes(cursor, hashes: list[str]) -> set[str]:
    wanted = "{" + ",".join(hashes) + "}"  # hex digits need no quoting
    cursor.execute(
        "SELECT contract_hash FROM roaming_contractidentity WHERE contract_hash = ANY(%s::text[])",
        [wanted],
    )
    return {row[0] for row in cursor.fetchall()}


def _count(judged: Sequence[Judged], *, batch: IntakeBatch, received_at: datetime) -> None:
    """Tally the chunk from what came through the door, not from what was written."""
    received: dict[str, int] = defaultdict(int)
    repeated: dict[str, int] = defaultdict(int)
    rejected: dict[str, int] = defaultdict(int)
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for one in judged:
        currency = stored_currency(one)
        received[currency] += 1
        if one.repeats:
            repeated[currency] += 1
        else:
            amounts[currency] += stored_claim(one)
            rejected[currency] += one.verdict == "REJECT"
    IntakeTally.objects.bulk_create(
        IntakeTally(
            batch=batch,
            sender_id=batch.sender_id,
            environment=batch.environment,
            day=received_at.date(),
            currency=currency,
            received=count,
            repeated=repeated[currency],
            new=count - repeated[currency],
            new_rejected=rejected[currency],
            new_claim_amount=amounts[currency],
        )
        for currency, count in sorted(received.items())
    )


def stored_currency(one: Judged) -> str:
    """As ``structure.storable`` leaves it: tally and table must agree, or no window closes."""
    return printable(one.submission.sdr.currency)


def stored_claim(one: Judged) -> Decimal:
    claim = one.submission.sdr.total_amount
    unreadable = any(f.code == "V001" and f.field == "total_amount" for f in one.findings)
    return Decimal(0) if claim is None or unreadable else claim
