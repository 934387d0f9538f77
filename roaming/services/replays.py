"""Send again what an exchange was about: the newest state of the object or record, no words."""

from datetime import datetime

from roaming.models import Delivery, Exchange, ObjectPush
from roaming.services import delivering, pushes

# What goes by the queue of messages, in sequence; everything else is the newest state of an object.
_DELIVERED = frozenset(
    kind.value for kind in (Delivery.Kind.SDR, Delivery.Kind.SDR_STATE, Delivery.Kind.DISPUTE)
)


class NotAgain(Exception):
    """There is nothing to send; the text says why."""


def can_be_sent_again(exchange: Exchange) -> bool:
    """Our calls about an object or a record; authorizations and commands are of their moment."""
    is_ours = exchange.direction == Exchange.Direction.OUT and exchange.endpoint_id is not None
    kinds = {*ObjectPush.Kind.values, *_DELIVERED}
    return is_ours and exchange.subject_id is not None and exchange.subject_kind in kinds


def send_again(exchange: Exchange, *, now: datetime) -> None:
    """Have it sent within a minute.

    :raises NotAgain: it is owed to nobody of that connection
    """
    if not can_be_sent_again(exchange) or exchange.endpoint is None or exchange.subject_id is None:
        raise NotAgain("this exchange was about nothing that can be sent again")
    if exchange.subject_kind not in _DELIVERED:
        endpoint, subject = exchange.endpoint, exchange.subject_id
        pushes.want(exchange.subject_kind, subject, [endpoint], now=now)
        wanted = ObjectPush.objects.filter(
            endpoint=endpoint, kind=exchange.subject_kind, subject_id=subject
        )
        pushes.push_again(wanted.values_list("pk", flat=True), now=now)
        return
    owed = Delivery.objects.filter(
        kind=exchange.subject_kind,
        subject_id=exchange.subject_id,
        receiver__in=exchange.endpoint.parties.all(),
    )
    if not delivering.redeliver(owed.values_list("pk", flat=True), now=now):
        raise NotAgain("it is owed to no party of this connection")
