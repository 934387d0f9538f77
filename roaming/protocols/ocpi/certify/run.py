"""Asks the cases of a partner, one after the other."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime

from roaming.protocols.ocpi.certify import (
    charging,
    drivers,
    handshake,
    lists,
    routing,
    transport,
)
from roaming.protocols.ocpi.certify.case import (
    CASES,
    Case,
    NotApplicable,
    Phase,
    Seen,
    Verdict,
)
from roaming.protocols.ocpi.certify.report import Report, Result
from roaming.protocols.ocpi.certify.visit import Target, Unreadable, Visit
from roaming.protocols.ocpi.simulator import FakePartner, RegistrationFailed
from roaming.protocols.ocpi.simulator.exchanges import OUT
from roaming.protocols.ocpi.simulator.options import CPO, EMSP
from roaming.protocols.ocpi.simulator.platform import PeerLacks
from roaming.protocols.ocpi.simulator.registration import meet

_AREAS = [
    area.__name__ for area in (transport, handshake, lists, routing, drivers, charging)
]  # their import has entered the cases
_HANDSHAKE = ("CRD-01", "TRN-04", "CRD-05", "CRD-06", "CRD-07", "CRD-02", "CRD-03", "CRD-04")
_MIRRORED = {"cso": "csp", "csp": "cso", "both": "both"}
_ROLES = {"CSO": CPO, "CSP": EMSP}
_SILENT_CASES = 3

UNASKED = "not asked: three cases before it had no answer at all"
NO_REGISTRATION = "needs a registration token (--register)"


def our_role(role: str) -> str:
    """In which role we visit a partner of ``role``."""
    return _MIRRORED[role]


def certify(
    us: FakePartner,
    target: Target,
    *,
    ran_at: datetime,
    only: Collection[str] = (),
    told: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Ask all cases, or ``only`` those; the registration is made in any case.

    ``told`` hears after each case how many are done, of how many.

    :raises RegistrationFailed: with an active token, the partner's endpoints cannot be learnt.
    """
    visit = Visit(us, target)
    if not target.registers:
        meet(us, target.versions_url, target.token)
    results: list[Result] = []
    for result in _results(visit, set(only)):
        results.append(result)
        told(len(results), max(len(results), len(CASES)))
    return Report(target.versions_url, target.role, us.version, ran_at, tuple(results))


def cases_for(roles: Collection[str], version: str) -> list[Case]:
    """What is asked of a system that is registered already, in order; ``roles``: CSO, CSP."""
    theirs = {_ROLES[role] for role in roles if role in _ROLES}
    return [
        case
        for case in _in_order()
        if case.phase is Phase.DURING and theirs & set(case.roles) and version in case.versions
    ]


def _results(visit: Visit, only: set[str]) -> Iterator[Result]:
    silent = 0
    for case in _in_order():
        if only and case.id not in only and not _registers(case, visit):
            continue
        reason = _unfit(case, visit)
        if reason:
            yield Result(case, Verdict.NOT_APPLICABLE, reason)
        elif silent >= _SILENT_CASES:
            yield Result(case, Verdict.FAILED, UNASKED)
        else:
            result, heard = _result(visit, case)
            silent = 0 if heard else silent + 1
            yield result


def _in_order() -> list[Case]:
    def place(case: Case) -> tuple[int, int]:
        area = _AREAS.index(case.check.__module__)
        is_first = case.phase is Phase.BEFORE
        return list(Phase).index(case.phase), _HANDSHAKE.index(case.id) if is_first else area

    return sorted(CASES, key=place)


def _registers(case: Case, visit: Visit) -> bool:
    return case.id == "CRD-02" and visit.target.registers


def _unfit(case: Case, visit: Visit) -> str:
    """Why a case is not asked, or nothing."""
    if not set(case.roles) & set(visit.target.roles):
        return f"for partners in the role {' or '.join(case.roles)}"
    if visit.version not in case.versions:
        return f"not in OCPI {visit.version}"
    if case.phase is not Phase.DURING and not visit.target.registers:
        return NO_REGISTRATION
    if case.phase is not Phase.BEFORE and not visit.us.connection.registered:
        return "the registration failed"
    return ""


def _result(visit: Visit, case: Case) -> tuple[Result, bool]:
    """The result, and whether anything was heard of the partner."""
    first = len(visit.us.exchanges.of(OUT))
    try:
        found = case.check(visit)
    except (NotApplicable, PeerLacks) as reason:
        return Result(case, Verdict.NOT_APPLICABLE, str(reason)), True
    except (RegistrationFailed, Unreadable) as error:
        found = Seen(str(error), ok=False)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        found = Seen(f"not what OCPI says ({type(error).__name__}: {error})", ok=False)
    calls = visit.us.exchanges.of(OUT)[first:]
    if unreadable := [call for call in calls if call.code is None and not found.ok]:
        found = Seen(unreadable[0].summary, ok=False)
    patience_s = visit.us.options.timeout_s
    slowest_s = max((call.seconds for call in calls), default=0)
    if slowest_s > patience_s and found.ok:
        found = Seen(f"{found.came}; took {slowest_s:.1f} s of {patience_s:g} s", ok=False)
    verdict = Verdict.PASSED if found.ok else Verdict.FAILED
    asked = tuple(f"{call.method} {call.url}" for call in calls)
    return Result(case, verdict, found.came, asked), any(call.status for call in calls)
