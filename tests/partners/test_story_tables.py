"""What a table of a story shows on a phone, where each row is a block of named values."""

from partners.admin.story import Table


def classes_of(*row: object) -> list[str]:
    table = Table("", ("Part", "Before", "After"), [row], frozenset({1, 2}))
    return [classes for _, _, classes in table.labelled_rows[0]]


def test_a_zero_beside_another_figure_is_left_out():
    assert classes_of("Energy", "0.00 EUR", "12.00 EUR") == ["", "ch-num ch-zero", "ch-num"]


def test_a_row_of_zeros_keeps_them():
    assert classes_of("Deposit", "0.00 EUR", "0") == ["", "ch-num", "ch-num"]
