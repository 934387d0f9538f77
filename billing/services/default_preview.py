"""What handling a default would do: done for real, looked at, and rolled back."""

from datetime import datetime

from django.db import transaction

from billing.models import DefaultCase, Settlement
from billing.services.defaults import handle_default
from partners.models import Partner


class _Seen(Exception):
    """Carries the case out of its transaction, which rolls back."""

    def __init__(self, case: DefaultCase):
        self.case = case


def would_happen(settlement: Settlement, partner: Partner, *, now: datetime) -> DefaultCase:
    """The case as it would be kept; nothing is.

    :raises billing.services.defaults.NotInDefault: there is nothing to handle.
    """
    try:
        with transaction.atomic():
            raise _Seen(
                handle_default(settlement, partner, reason="a dry run", actor="nobody", now=now)
            )
    except _Seen as seen:
        return seen.case
