"""Who must prove with a second factor who he is."""


def is_second_factor_needed(*, is_staff: bool, staff_need: bool, partner_demands: bool) -> bool:
    """Staff where the installation says so (in production always); others where their partner does.

    Whoever has a second factor is asked for it at each login, needed or not.
    """
    return staff_need if is_staff else partner_demands
