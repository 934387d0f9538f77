"""Staff look at the portal as a partner's people see it: read only, for an hour, audited.

Whom a session looks at is kept in it; a portal view learns of it by ``partners.portal`` alone.
"""

from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils import timezone

from partners.models import Partner
from partners.services import audit

RIGHT = "partners.look_as_partner"
LASTS = timedelta(hours=1)
_KEY = "viewing"


def start(request: HttpRequest, partner: Partner, *, reason: str, now: datetime) -> None:
    """Look as ``partner`` from now on; the caller has checked the right."""
    end(request, now=now)
    request.session[_KEY] = {"partner": str(partner.pk), "until": (now + LASTS).isoformat()}
    _note("partner.viewing_started", request, partner, now=now, reason=reason)


def end(request: HttpRequest, *, now: datetime) -> None:
    """Look no more; harmless again."""
    kept = request.session.pop(_KEY, None)
    partner = Partner.objects.filter(pk=kept["partner"]).first() if kept else None
    if partner is not None:
        _note("partner.viewing_ended", request, partner, now=now)


def viewed_by(request: HttpRequest) -> Partner | None:
    """Whom this member of staff looks at now; asked once a request. Its right counts each time."""
    if not hasattr(request, "_viewed"):
        request._viewed = _viewed(request)  # type: ignore[attr-defined]
    return request._viewed  # type: ignore[attr-defined]


def _viewed(request: HttpRequest) -> Partner | None:
    session = getattr(request, "session", None)
    kept = session.get(_KEY) if session is not None else None
    user = request.user
    if not kept or not getattr(user, "is_staff", False) or not user.has_perm(RIGHT):
        return None
    if datetime.fromisoformat(kept["until"]) <= timezone.now():
        return None
    return Partner.objects.filter(pk=kept["partner"], is_clearing_house=False).first()


def _note(
    action: str, request: HttpRequest, partner: Partner, *, now: datetime, reason: str = ""
) -> None:
    audit.record(action, partner, actor=request.user.get_username(), at=now, reason=reason)
