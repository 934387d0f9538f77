"""Each named constraint of tariffs, notices and ratings, broken once."""

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from clearinghouse.uuid7 import new_uuid7
from roaming.models import SdrRating, Tariff, TariffNotice, TariffVersion
from tests.makers import NOON, later, nordlicht, voltaire

pytestmark = pytest.mark.django_db

EVIDENCE = {
    "roaming_tariffversion": "tariff_version_is_append_only",
    "roaming_sdrrating": "sdr_rating_is_append_only",
}


def refused(name: str):
    return pytest.raises(DatabaseError, match=name)


def tariff(**changes):
    own = {"seller": nordlicht(), "tariff_id": "T-1", "currency": "EUR"}
    return Tariff.objects.create(**(own | changes))


def version(**changes):
    known = Tariff.objects.filter(tariff_id="T-1").first()
    own = {
        "tariff": known or tariff(),
        "version": 1,
        "published_at": NOON,
        "valid_from_at": later(days=14),
        "content": {},
        "content_sha256": "ab" * 32,
    }
    return TariffVersion.objects.create(**(own | changes))


def notice(**changes):
    own = {
        "version": TariffVersion.objects.first() or version(),
        "buyer": voltaire(),
        "state": "COUNTS",
        "is_increase": True,
        "told_at": NOON,
        "notice_ends_at": later(days=14),
        "counts_from_at": later(days=14),
    }
    return TariffNotice.objects.create(**(own | changes))


def rating(**changes):
    own = {
        "record_id": new_uuid7(),
        "tariff_version": TariffVersion.objects.first() or version(),
        "currency": "EUR",
        "total_excl_tax": 1,
        "total_incl_tax": 1,
        "components": {},
        "trace": [],
        "rated_at": NOON,
    }
    return SdrRating.objects.create(**(own | changes))


BROKEN = {
    "tariff_currency_is_iso_4217": (tariff, {"currency": "eur"}),
    "tariff_version_carries_its_hash": (version, {"content_sha256": "AB" * 32}),
    "waiting_increase_counts_after_its_notice": (
        notice,
        {"state": "WAITING", "counts_from_at": NOON},
    ),
    "tariff_answer_has_an_author": (notice, {"answered_at": NOON}),
    "rerating_has_a_reason": (rating, {"rating_version": 2}),
}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.violates(n), id=n) for n in BROKEN]
)
def test_is_refused(name):
    make, wrong = BROKEN[name]
    with transaction.atomic():
        make()
        transaction.set_rollback(True)

    with refused(name):
        make(**wrong)


ONCE = {
    "tariff_id_is_unique_per_seller": tariff,
    "tariff_version_is_unique": version,
    "buyer_is_told_of_a_version_once": notice,
}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.violates(n), id=n) for n in ONCE]
)
def test_is_there_once(name):
    ONCE[name]()

    with refused(name):
        ONCE[name]()


@pytest.mark.violates("rating_version_is_unique_per_sdr")
def test_a_record_has_each_rating_version_once():
    first = rating()
    rating(record_id=first.record_id, rating_version=2, reason="a session was split")

    with refused("rating_version_is_unique_per_sdr"):
        rating(record_id=first.record_id)


@pytest.mark.parametrize(
    ("table", "name"),
    [pytest.param(t, n, marks=pytest.mark.violates(n), id=n) for t, n in EVIDENCE.items()],
)
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_evidence_is_not_changed_by_the_application(table, name, statement):
    rating()

    with (
        pytest.raises(DatabaseError, match=r"permission denied|append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_evidence_is_refused_even_to_the_owner_of_the_tables(owner_connection):
    rating()

    for table, name in EVIDENCE.items():
        for statement in ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
            with pytest.raises(psycopg.Error, match="append-only") as refusal:
                owner_connection.execute(statement.format(table))
            assert refusal.value.diag.constraint_name == name, statement
