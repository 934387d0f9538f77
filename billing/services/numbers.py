"""Document numbers without gaps.

Counted in a locked row inside the transaction that issues the document: a rollback gives the
numbers back, which a database sequence would not do.
"""

from billing.models import NumberSeries


def take_numbers(series: str, *, year: int, environment: str, count: int) -> list[str]:
    """Take the next ``count`` numbers of a series, such as ``ST-2026-000001``.

    Call it inside the issuing transaction, late: whoever numbers next waits until it ends.
    """
    key = {"series": series, "year": year, "environment": environment}
    NumberSeries.objects.bulk_create([NumberSeries(**key)], ignore_conflicts=True)
    row = NumberSeries.objects.select_for_update().get(**key)
    first = row.last_number + 1
    row.last_number += count
    row.save(update_fields=["last_number"])
    return [f"{series}-{year}-{number:06}" for number in range(first, first + count)]
