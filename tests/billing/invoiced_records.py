"""The records on invoices by SQL against their slow twin, over a world of stories."""

from zoneinfo import ZoneInfo

from django.db import transaction

from billing.models import ClearedSdr, ClearingWindow, InvoicedSdr
from billing.rules.invoicing.records import Asked, Invoiced, invoiced_records
from billing.services import invoicing, supplies
from billing.services.clearing import clear_group
from clearinghouse.uuid7 import new_uuid7
from tests.billing.stories import World, cleared_of
from tests.makers import NOON


def compare_invoiced(world: World) -> None:
    """Clear; every other kind of supply stands on an invoice of its pair, and nothing else does."""
    clear_group(world.group, run_key=str(new_uuid7()), now=NOON)
    for window in ClearingWindow.objects.filter(group=world.group):
        asked = _asked(window)
        rows = [cleared_of(row) for row in ClearedSdr.objects.filter(window=window)]
        with transaction.atomic():
            # Invoices are looked for when a transaction ends; this one does not.
            invoicing.note_records(asked, time_zone=world.group.time_zone)
            found = InvoicedSdr.objects.order_by("sdr_id", "leg", "kind")
            stored = [Invoiced(*row) for row in found.values_list(*Invoiced._fields)]
            transaction.set_rollback(True)
        assert stored == invoiced_records(asked, rows, zone=ZoneInfo(world.group.time_zone))


def _asked(window: ClearingWindow) -> list[Asked]:
    """Each leg once; of the direct ones all but every third, so that records stay out as well."""
    found = {}
    for n, row in enumerate(supplies.supplied_in(window)):
        legs = [("BOUGHT", row.supplier, None), ("SOLD", None, row.customer)]
        if n % 3:
            legs.append(("DIRECT", row.supplier, row.customer))
        for leg, seller, buyer in legs:
            what = (row.price_basis, row.is_credit, row.kind, row.charge_country, row.tax_date)
            one = Asked(new_uuid7(), window.pk, seller, buyer, leg, *what)
            found.setdefault(one[1:], one)
    return list(found.values())
