"""The sheet of rules: none of the 75 is missing, none came twice by chance."""

from roaming.rules.catalog import RULES, STRUCTURE

FAMILIES = {0: 15, 1: 13, 2: 13, 3: 8, 4: 6, 5: 10, 6: 5, 7: 5}


def test_every_code_of_the_sheet_is_there():
    sheet = {f"V{family}{n:02}" for family, most in FAMILIES.items() for n in range(1, most + 1)}

    assert len(sheet) == 75
    assert {rule.code for rule in (STRUCTURE, *RULES)} == sheet


def test_the_sides_come_first_and_behaviour_last():
    assert (RULES[0].code, RULES[-1].code) == ("V002", "V705")
