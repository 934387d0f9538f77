"""Which roles a roaming agreement's mode joins: our own labels, the standard's are not known.

Control and records go directly or through the clearing house, between a CSP and a CSO (PO) or
between two CSPs (PP) of which one sells what its CSOs did.
"""

CLEARED_HERE = ("CLEARED_PO", "CLEARED_PP", "MIXED")
_SELLERS = {
    "CLEARED_PO": ("CSO",),
    "CLEARED_PP": ("CSP",),
    "MIXED": ("CSO",),
    "DIRECT": ("CSO", "CSP"),
}


def wrong_sides(mode: str, *, seller_role: str, buyer_role: str) -> str:
    """What keeps the mode from joining parties of these roles, in words; "" is good."""
    if buyer_role != "CSP":
        return f"The buyer is a {buyer_role}; only a CSP buys what its drivers charged."
    sellers = _SELLERS.get(mode, ())
    if seller_role not in sellers:
        wanted = " or a ".join(sellers) or "known mode"
        return f"The seller is a {seller_role}; {mode} needs a {wanted}."
    return ""
