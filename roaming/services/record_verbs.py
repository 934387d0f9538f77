"""What the two sides say of a record that is not yet accepted: the CSP takes it, the CSO takes it
back. A record in dispute is answered there.
"""

from datetime import datetime
from uuid import UUID

from roaming.models import SdrState
from roaming.rules.dispute import DisputeRefused
from roaming.services import deliveries, lifecycle

_VERBS = {"accept": (("DELIVERED",), "ACCEPTED"), "withdraw": (("DELIVERED", "HELD"), "WITHDRAWN")}


def act(record_id: UUID, verb: str, *, actor: str, now: datetime) -> SdrState:
    """Accept or withdraw one record.

    :raises SdrState.DoesNotExist: there is no such record.
    :raises DisputeRefused: it does not stand where the verb is taken; nothing was changed.
    """
    starts, end = _VERBS[verb]
    state = SdrState.objects.get(id=record_id)
    reason = "accepted by the CSP" if verb == "accept" else "withdrawn by the CSO"
    # From the state just read: what was disputed meanwhile is not moved.
    if state.state not in starts or not lifecycle.move_many(
        [record_id], state.state, [end], actor=actor, reason=reason, now=now
    ):
        raise DisputeRefused("VERB_NOT_NOW", f"Only {' or '.join(starts)} records take {verb}.")
    deliveries.publish({side for side in (state.seller_id, state.buyer_id) if side})
    return SdrState.objects.get(id=record_id)
