"""Which roles an agreement's mode joins; the database holds the same."""

import pytest

from partners.models import Party, RoamingAgreement
from partners.rules.modes import CLEARED_HERE, wrong_sides

GOOD = {
    ("CLEARED_PO", "CSO", "CSP"),
    ("CLEARED_PP", "CSP", "CSP"),
    ("MIXED", "CSO", "CSP"),
    ("DIRECT", "CSO", "CSP"),
    ("DIRECT", "CSP", "CSP"),
}


@pytest.mark.parametrize("mode", RoamingAgreement.Mode.values)
@pytest.mark.parametrize("seller", Party.Role.values)
@pytest.mark.parametrize("buyer", Party.Role.values)
def test_a_mode_joins_its_roles_and_no_others(mode, seller, buyer):
    told = wrong_sides(mode, seller_role=seller, buyer_role=buyer)

    assert (told == "") == ((mode, seller, buyer) in GOOD), told


def test_all_but_one_clear_here():
    assert set(RoamingAgreement.Mode.values) - set(CLEARED_HERE) == {"DIRECT"}
