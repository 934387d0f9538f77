"""Tables of the roaming floor, one file per noun.

What grows (raw records, SDRs, states, events, findings) lies in monthly partitions by its UUIDv7
id; nothing points a foreign key at it, so that a partition can be detached one day.
"""

from roaming.models.batch import IntakeBatch, IntakeTally
from roaming.models.completeness import Alert, BatchReceipt, Manifest, SequenceGap
from roaming.models.correction import Healing, Hold, HoldCorrection, SdrLink
from roaming.models.counter import (
    AgeingStep,
    CounterKey,
    CounterRecord,
    CounterTally,
    Match,
    MatchingRun,
    RejectedCounterKey,
)
from roaming.models.delivery import Delivery, DeliveryCounter, ReceiverOutage, WebhookSubscription
from roaming.models.dispute import Dispute, DisputeAttachment, DisputeEvent
from roaming.models.exchange import Exchange, ObjectPush
from roaming.models.figures import DayFigure
from roaming.models.finding import Finding
from roaming.models.key import RejectedKey, SdrKey, SessionKey
from roaming.models.location import Location, LocationEvse, TariffAudience
from roaming.models.personal import ContractIdentity, Erasure, RawRecord
from roaming.models.registry import Authorization, Credential, Evse, EvseOutage, MeterKey
from roaming.models.rule_override import RuleOverride
from roaming.models.sdr import Sdr
from roaming.models.session import (
    RemoteRequest,
    Reservation,
    ServiceSession,
    SessionAlias,
    SessionMove,
)
from roaming.models.signed import SignedValue
from roaming.models.state import SdrEvent, SdrState
from roaming.models.tariff import SdrRating, Tariff, TariffNotice, TariffVersion
from roaming.models.whitelist import (
    AuthorizationRequest,
    CredentialKind,
    WhitelistCounter,
    WhitelistEntry,
)

__all__ = [
    "AgeingStep",
    "Alert",
    "Authorization",
    "AuthorizationRequest",
    "BatchReceipt",
    "ContractIdentity",
    "CounterKey",
    "CounterRecord",
    "CounterTally",
    "Credential",
    "CredentialKind",
    "DayFigure",
    "Delivery",
    "DeliveryCounter",
    "Dispute",
    "DisputeAttachment",
    "DisputeEvent",
    "Erasure",
    "Evse",
    "EvseOutage",
    "Exchange",
    "Finding",
    "Healing",
    "Hold",
    "HoldCorrection",
    "IntakeBatch",
    "IntakeTally",
    "Location",
    "LocationEvse",
    "Manifest",
    "Match",
    "MatchingRun",
    "MeterKey",
    "ObjectPush",
    "RawRecord",
    "ReceiverOutage",
    "RejectedCounterKey",
    "RejectedKey",
    "RemoteRequest",
    "Reservation",
    "RuleOverride",
    "Sdr",
    "SdrEvent",
    "SdrKey",
    "SdrLink",
    "SdrRating",
    "SdrState",
    "SequenceGap",
    "ServiceSession",
    "SessionAlias",
    "SessionKey",
    "SessionMove",
    "SignedValue",
    "Tariff",
    "TariffAudience",
    "TariffNotice",
    "TariffVersion",
    "WebhookSubscription",
    "WhitelistCounter",
    "WhitelistEntry",
]
