"""Tables of the roaming floor, one file per noun.

What grows (raw records, SDRs, states, events, findings) lies in monthly partitions by its UUIDv7
id; nothing points a foreign key at it, so that a partition can be detached one day.
"""

from roaming.models.batch import IntakeBatch, IntakeTally
from roaming.models.delivery import Delivery, DeliveryCounter
from roaming.models.finding import Finding
from roaming.models.key import RejectedKey, SdrKey, SessionKey
from roaming.models.personal import ContractIdentity, Erasure, RawRecord
from roaming.models.sdr import Sdr
from roaming.models.state import SdrEvent, SdrState

__all__ = [
    "ContractIdentity",
    "Delivery",
    "DeliveryCounter",
    "Erasure",
    "Finding",
    "IntakeBatch",
    "IntakeTally",
    "RawRecord",
    "RejectedKey",
    "Sdr",
    "SdrEvent",
    "SdrKey",
    "SdrState",
    "SessionKey",
]
