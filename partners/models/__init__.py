"""Tables of the partners floor, one file per noun."""

from partners.models.agreement import RoamingAgreement
from partners.models.approval import Approval
from partners.models.audit import AuditEvent
from partners.models.bank_change import BankDetailChange
from partners.models.checklist import ChecklistStep, LiveActivation
from partners.models.client import (
    AccessToken,
    ApiClient,
    IdempotencyKey,
    IDToken,
    RefreshToken,
)
from partners.models.contract import GroupMembership, ParticipationContract, SettlementGroup
from partners.models.endpoint import (
    CertificationRun,
    EndpointInterface,
    EndpointSecret,
    EndpointToken,
    PartyPresence,
    RoamingEndpoint,
)
from partners.models.environment import Environment
from partners.models.fee import FeeComponent
from partners.models.invitation import Invitation
from partners.models.job import Job
from partners.models.notice import Notice
from partners.models.offer import AgreementOffer
from partners.models.partner import BankAccount, Partner, PartnerFacts, PartnerState
from partners.models.party import Mandate, Party, PartyOwnership
from partners.models.saved_filter import SavedFilter
from partners.models.tax import SupplyKind, TaxRate, TaxRegistration, TaxStatus
from partners.models.user import User

__all__ = [
    "AccessToken",
    "AgreementOffer",
    "ApiClient",
    "Approval",
    "AuditEvent",
    "BankAccount",
    "BankDetailChange",
    "CertificationRun",
    "ChecklistStep",
    "EndpointInterface",
    "EndpointSecret",
    "EndpointToken",
    "Environment",
    "FeeComponent",
    "GroupMembership",
    "IDToken",
    "IdempotencyKey",
    "Invitation",
    "Job",
    "LiveActivation",
    "Mandate",
    "Notice",
    "ParticipationContract",
    "Partner",
    "PartnerFacts",
    "PartnerState",
    "Party",
    "PartyOwnership",
    "PartyPresence",
    "RefreshToken",
    "RoamingAgreement",
    "RoamingEndpoint",
    "SavedFilter",
    "SettlementGroup",
    "SupplyKind",
    "TaxRate",
    "TaxRegistration",
    "TaxStatus",
    "User",
]
