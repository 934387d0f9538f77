"""Which role may do what: the one table behind the groups of the database.

Rights are Django's, ``app.verb_model``, written as patterns. The clearing house's own people may
have several roles; a person of a partner has exactly one. Approving is a role of its own, and no
other one can do it, so that who asks for money to move is never who lets it move (finance.md 8).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

# What people of a partner may do beside reading records, disputes and tariffs.
OPERATE = "partners.portal_operate"
SEE_FINANCE = "partners.portal_see_finance"
FINANCE = "partners.portal_finance"
# An agreement binds the company: who may sign it is who may say who may do what.
AGREE = "partners.portal_agree"
ADMINISTER = "partners.portal_administer"

PARTNER_PREFIX = "partner-"
PARTNER_ADMIN = "partner-admin"


@dataclass(frozen=True, slots=True)
class Role:
    """Who it is for, in words, and its rights; ``but`` takes some of them away again."""

    label: str
    told: str
    rights: tuple[str, ...]
    but: tuple[str, ...] = ()


_ROOMS = ("partners", "roaming", "billing")
_VIEW_ALL = tuple(f"{room}.view_*" for room in _ROOMS)
# Who may log in is the administrator's; an operator needs no list of people.
_PEOPLE = ("*.view_user", "*.add_user", "*.change_user", "*.delete_user", "auth.*")
# Records as they came hold drivers' ids: an auditor looks, with a reason that is kept.
_PERSONAL = ("roaming.*_rawrecord", "roaming.*_contractidentity")
_MONEY_OF_PARTNERS = (
    "bankaccount bankdetailchange feecomponent participationcontract settlementgroup"
    " groupmembership taxrate taxregistration taxstatus"
).split()

STAFF_ROLES: Mapping[str, Role] = {
    "operator": Role(
        "Operator",
        "Records, holds, matching, disputes, deliveries, partners and their connections; sees the"
        " money, moves none.",
        (*_VIEW_ALL, "roaming.add_*", "roaming.change_*", "roaming.delete_*", "partners.add_*",
         "partners.change_*", "partners.delete_*", "partners.run_certification",
         "partners.look_as_partner"),
        (*_PEOPLE, *_PERSONAL, *(f"partners.{verb}_{name}" for name in _MONEY_OF_PARTNERS
                     for verb in ("add", "change", "delete"))),
    ),
    "finance": Role(
        "Finance",
        "Windows, settlements, documents, payments, bank and books; prepares what an approver"
        " lets out.",
        (*_VIEW_ALL, "billing.add_*", "billing.change_*", "billing.delete_*", "partners.*_job",
         "partners.look_as_partner",
         *(f"partners.*_{name}" for name in _MONEY_OF_PARTNERS)),
        (*_PEOPLE, *_PERSONAL, "*.approve_*"),
    ),
    "approver": Role(
        "Approver",
        "The second person: decides what others asked for, and prepares nothing.",
        (*_VIEW_ALL, "*.approve_*"),
        (*_PEOPLE, *_PERSONAL),
    ),
    "auditor": Role(
        "Auditor",
        "Sees everything, changes nothing.",
        (*_VIEW_ALL, "auth.view_group", "axes.view_accessattempt"),
    ),
    "admin": Role(
        "Administrator",
        "Logins and their roles, API clients, jobs and the audit trail; no right over money.",
        ("partners.*_user", "auth.view_group", "axes.view_accessattempt", "partners.view_*",
         "partners.*_apiclient",
         "partners.*_job"),
        ("*.approve_*", "partners.delete_user"),
    ),
    "regulator": Role(
        "Regulator",
        "Stations, how they stand, and sums of all; no record, no driver and nobody's money.",
        tuple(
            f"roaming.view_{name}"
            for name in "dayfigure evse evseoutage location locationevse".split()
        ),
    ),
    "lab": Role(
        "Test lab",
        "Certifies partners' systems against the TEST environment; sees nothing of LIVE.",
        ("partners.view_certificationrun", "partners.run_certification"),
    ),
}  # fmt: skip

PARTNER_ROLES: Mapping[str, Role] = {
    PARTNER_ADMIN: Role(
        "Administrator",
        "Everything the company may do here, agreements among it, and who else of the company may.",
        (OPERATE, SEE_FINANCE, FINANCE, AGREE, ADMINISTER),
    ),
    "partner-operations": Role(
        "Operations",
        "Records, disputes and tariffs; neither statements nor bank details.",
        (OPERATE,),
    ),
    "partner-finance": Role(
        "Finance",
        "Statements, invoices, payments, objections and bank details.",
        (SEE_FINANCE, FINANCE),
    ),
    "partner-read-only": Role(
        "Read only",
        "Sees what the company sees and changes nothing.",
        (SEE_FINANCE,),
    ),
}

ROLES: Mapping[str, Role] = {**STAFF_ROLES, **PARTNER_ROLES}


def rights_of(role: str, known: Iterable[str]) -> set[str]:
    """Those of ``known`` (``app.codename``) that the role has.

    :raises KeyError: there is no such role
    """
    wanted = ROLES[role]
    return {
        right for right in known if _fits(right, wanted.rights) and not _fits(right, wanted.but)
    }


def refusal_of(names: Iterable[str], *, is_of_partner: bool) -> str:
    """Why a login cannot have these roles together; empty where it can.

    The database holds the same: ``role_is_of_the_side_of_its_user``, ``partner_user_has_one_role``.
    """
    of_partners = [name for name in names if name.startswith(PARTNER_PREFIX)]
    others = [name for name in names if not name.startswith(PARTNER_PREFIX)]
    if is_of_partner and others:
        return "A login of a partner has no role of the clearing house's own people."
    if not is_of_partner and of_partners:
        return "Roles of partners' people need a partner: choose it, or take the role away."
    if is_of_partner and len(of_partners) != 1:
        return "Choose exactly one role for a login of a partner."
    return ""


def _fits(right: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(right, pattern) for pattern in patterns)


def keeps_an_administrator(administrators: Collection[object], *, without: object) -> bool:
    """Whether a company can still manage its logins when ``without`` no longer does.

    The database holds it against its own people: ``company_keeps_an_administrator``.
    """
    return any(one != without for one in administrators)
