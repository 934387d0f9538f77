"""How our accounts are called in an accountant's chart: the narrowest row wins."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from billing.rules.books import BookAccount


class MappingKey(NamedTuple):
    """What a row maps: an account's code, of one partner or any (null), of a country or any."""

    code: str
    partner: UUID | None
    country_code: str


class External(NamedTuple):
    """The account in the accountant's chart; ``tax_key`` "" is none."""

    account: str
    tax_key: str = ""


def mapped(account: BookAccount, rows: Mapping[MappingKey, External]) -> External | None:
    """The row of the partner and country, else of the partner, else of the country, else of all."""
    for partner in (account.partner, None):
        for country in (account.country_code, ""):
            found = rows.get(MappingKey(account.code, partner, country))
            if found is not None:
                return found
    return None


def unmapped(
    accounts: Iterable[BookAccount], rows: Mapping[MappingKey, External]
) -> list[BookAccount]:
    """The accounts that no row maps, sorted."""
    missing = {account for account in accounts if mapped(account, rows) is None}
    return sorted(missing, key=lambda account: tuple(str(part or "") for part in account))
