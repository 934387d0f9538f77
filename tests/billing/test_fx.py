"""The ECB's file as it is published: every rate once, known days never changed."""

import gzip
import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from billing.models import FxRate
from billing.rules.conversion import NoRate
from billing.services.fx import Imported, RateDiffers, UnreadableRates, import_ecb_csv, rates_of
from clearinghouse.periods import reference_rate_date
from tests.makers import NOON, REAL_RATES

pytestmark = pytest.mark.django_db

FRIDAY_EVENING = datetime(2026, 10, 30, 17, 0, tzinfo=UTC)
SMALL = "Date,USD,CHF,ISK,\n2026-10-30,1.1000,0.9200,N/A,\n2026-10-29,1.1010,0.9210,142.5,\n"


def test_takes_each_rate_once():
    assert import_ecb_csv(SMALL.encode(), now=NOON) == Imported(added=5, known=0)
    assert import_ecb_csv(SMALL.encode(), now=NOON) == Imported(added=0, known=5)
    assert FxRate.objects.count() == 5
    assert rates_of(FRIDAY_EVENING).per_euro == {
        "USD": Decimal("1.1000"),
        "CHF": Decimal("0.9200"),
    }


def test_reads_it_zipped_and_gzipped():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("eurofxref.csv", SMALL)

    assert import_ecb_csv(packed.getvalue(), now=NOON).added == 5
    assert import_ecb_csv(gzip.compress(SMALL.encode()), now=NOON).known == 5


def test_keeps_what_was_published():
    import_ecb_csv(SMALL.encode(), now=NOON)

    with pytest.raises(RateDiffers, match=r"CHF of 2026-10-30 is 0\.92"):
        import_ecb_csv(SMALL.replace("0.9200", "0.9300").encode(), now=NOON)
    assert FxRate.objects.count() == 5


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "called Date"),
        ("Day,USD\n", "called Date"),
        ("Date,USD\nyesterday,1.1\n", "Line 2: 'yesterday' is no date"),
        ("Date,USD\n2026-10-30,one\n", "is no number"),
        ("Date,USD\n2026-10-30,0\n", "not above zero"),
        ("Date,USD\n2026-10-30,NaN\n", "not above zero"),
    ],
)
def test_refuses_what_is_no_file_of_the_ecb(content, told):
    with pytest.raises(UnreadableRates, match=told):
        import_ecb_csv(content.encode(), now=NOON)
    assert not FxRate.objects.exists()


@pytest.mark.skipif(not REAL_RATES.exists(), reason="the shared data are not here")
class TestTheRealFile:
    def test_is_taken_in_whole_and_gives_the_rates_of_a_weekend(self):
        lines = gzip.decompress(REAL_RATES.read_bytes()).decode().splitlines()
        newest = "\n".join(lines[:300])

        done = import_ecb_csv(newest.encode(), now=NOON)

        quoted = [
            cell
            for line in lines[1:300]
            for cell in line.split(",")[1:]
            if cell.strip() not in ("", "N/A")
        ]
        assert done == Imported(added=len(quoted), known=0)
        assert rates_of(FRIDAY_EVENING + timedelta(days=2)).rate_date == date(2026, 10, 30)
        assert set(rates_of(FRIDAY_EVENING).per_euro) >= {"CHF", "NOK", "SEK", "GBP"}
        with pytest.raises(NoRate, match="rates of 2026-11-02 are missing"):
            rates_of(FRIDAY_EVENING + timedelta(days=3))

    def test_has_the_rates_of_every_business_day(self):
        """So the rates of the cut-off day are those that the calendar expects, and no others."""
        lines = gzip.decompress(REAL_RATES.read_bytes()).decode().splitlines()[1:1000]
        days = {date.fromisoformat(line.split(",")[0]) for line in lines}

        evening = FRIDAY_EVENING
        while evening.date() >= min(days):
            assert reference_rate_date(evening) in days
            evening -= timedelta(days=1)

    @pytest.mark.long
    def test_of_27_years(self):
        done = import_ecb_csv(REAL_RATES.read_bytes(), now=NOON)

        assert done.added > 200_000
        assert import_ecb_csv(REAL_RATES.read_bytes(), now=NOON).added == 0
