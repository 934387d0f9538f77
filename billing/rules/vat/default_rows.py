"""The rows a new installation starts with: rates, kinds and Art. 199a, for a later migration.

Entered from general knowledge of the national laws as of November 2026, and to be confirmed by a
tax adviser before the first document. ``SINCE`` is the first day the house may need, not the day
on which the law began. No row ends because of a change that is only planned.

Left out on purpose, so that they block until a person enters them:

* ELECTRICITY where a reduced rate for electricity exists and may or may not be meant for charging
  (``REDUCED_RATE_IN_DOUBT``);
* how PARKING and RESERVATION are treated, anywhere: the Court has not said so (C-282/22 speaks of
  standing time while charging alone);
* Art. 199a in every state but Germany and the Netherlands.
"""

from datetime import date
from decimal import Decimal

from billing.rules.vat.decide import EU
from billing.rules.vat.facts import DomesticRow, Kind, KindRow, RateRow

SINCE = date(2025, 9, 1)
STANDARD_RATE_SOURCE = "standard rate of the national VAT law, to be confirmed by a tax adviser"

# Percent, in force throughout from SINCE on.
STANDARD_PERCENT = {
    "AT": "20",
    "BE": "21",
    "BG": "20",
    "CH": "8.1",  # since 2024
    "CY": "19",
    "CZ": "21",
    "DE": "19",
    "DK": "25",
    "EE": "24",  # since July 2025
    "ES": "21",
    "FI": "25.5",  # since September 2024
    "FR": "20",
    "GB": "20",
    "GR": "24",
    "HR": "25",
    "HU": "27",
    "IE": "23",
    "IT": "22",
    "LT": "21",
    "LU": "17",
    "LV": "21",
    "MT": "18",
    "NL": "21",
    "NO": "25",
    "PL": "23",
    "PT": "23",
    "RO": "21",  # since August 2025
    "SE": "25",
    "SI": "22",
    "SK": "23",  # since January 2025
}
REDUCED_RATE_IN_DOUBT = frozenset({"GR", "HR", "IE", "IT", "LU", "MT"})
KINDS_AT_THE_STANDARD_RATE: tuple[Kind, ...] = ("ELECTRICITY", "PARKING", "RESERVATION", "SERVICE")

RATE_ROWS = tuple(
    RateRow(
        country=country,
        kind=kind,
        rate=Decimal(percent) / 100,
        from_date=SINCE,
        source=STANDARD_RATE_SOURCE,
    )
    for country, percent in sorted(STANDARD_PERCENT.items())
    for kind in KINDS_AT_THE_STANDARD_RATE
    # Parking and reservation may be part of the electricity, and would then share its rate.
    if kind == "SERVICE" or country not in REDUCED_RATE_IN_DOUBT
)
KIND_ROWS = tuple(
    row
    for country in sorted(EU | {"CH", "GB", "NO"})
    for row in (
        KindRow(
            country=country,
            kind="ELECTRICITY",
            treatment="AS_ELECTRICITY",
            from_date=SINCE,
            source="C-282/22 and C-60/23; Art. 38 and 39",
        ),
        KindRow(
            country=country,
            kind="SERVICE",
            treatment="AS_SERVICE",
            from_date=SINCE,
            source="Art. 44",
        ),
    )
)
DOMESTIC_ROWS = (
    DomesticRow(
        country="DE",
        applies=True,
        law="§ 13b (2) no. 5 b UStG",
        from_date=SINCE,
        # The text found of Art. 199a ends on 31 December 2026. Another row, no longer one.
        until_date=date(2027, 1, 1),
        source="Art. 199a (1) (e); proof of both sides by form USt 1 TH",
    ),
    DomesticRow(
        country="NL",
        applies=False,
        from_date=SINCE,
        source="no shift for electricity between resellers; to be confirmed by a tax adviser",
    ),
)
