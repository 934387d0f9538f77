"""The head of our letters, as _letterhead.html prints it, and the lines of an address."""

from typing import NamedTuple

from billing.documents.content import Company


class Letterhead(NamedTuple):
    """``lines`` stand in one row under the name; ``note`` below them."""

    name: str
    lines: list[str]
    note: str = ""


def head_of(house: Company, *, vat_id: str) -> Letterhead:
    """The clearing house's; ``vat_id`` is what a VAT id is called in the letter's language."""
    vat = f"{vat_id} {house.vat_number}" if house.vat_number else ""
    return Letterhead(house.legal_name, told(*address_lines(house), vat))


def address_lines(company: Company) -> list[str]:
    """Street, and town with country; what is not on file is left out."""
    town = f"{company.postal_code} {company.city}".strip()
    country = f"{town}, {company.country_code}" if town else company.country_code
    return told(company.street, country)


def told(*lines: str) -> list[str]:
    return [line for line in lines if line]
