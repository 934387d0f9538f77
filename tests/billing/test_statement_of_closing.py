"""Statements of a window that was closed by the real closing."""

from datetime import timedelta

import pytest

from billing.services.closing import close_window
from billing.services.windows import ensure_windows
from tests.billing.rendering import render_missing
from tests.makers import NOON, AgreementMaker, fjell, numbered_record, take

pytestmark = pytest.mark.django_db


class TestStatementsOfAClosing:
    def test_state_the_positions_that_were_netted(self):
        agreement = AgreementMaker()
        AgreementMaker(buyer=fjell(), commission_beneficiary="BUYER")
        ensure_windows(agreement.group, now=NOON)
        take(
            numbered_record(1),
            numbered_record(2, csp_id="NO*FJL", contract_id=None),
            numbered_record(3, total_amount=None, items=[]),
        )

        closing = close_window(agreement.group, now=NOON + timedelta(days=30))

        stated = {d.partner.name: d.content["position"]["net_minor"] for d in closing.documents}
        netted = {p.partner.name: p.net_minor for p in closing.positions}
        # claims of 9.02; 0.09 is the house's on one, a price reduction on the other
        assert stated == {"Nordlicht": 1786, "Voltaire": -902, "Fjell": -893}
        assert netted == stated | {"Clearing house": 9}
        assert render_missing(now=NOON) == 3
