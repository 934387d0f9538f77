"""Questions about service sessions and the records that bill them."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from roaming.models import ServiceSession, SessionAlias, SessionKey

# By then most CSOs have sent the record of a session (the submission window is far longer).
USUALLY_BILLED_WITHIN = timedelta(days=3)


def sessions_without_record(
    rows: QuerySet[ServiceSession],
    *,
    now: datetime,
    waited: timedelta = USUALLY_BILLED_WITHIN,
) -> QuerySet[ServiceSession]:
    """Sessions that were over ``waited`` ago and for which no live record came.

    A record names its session as the CSO does; one of an invalid session is not expected.
    """
    own_names = SessionAlias.objects.filter(
        session=OuterRef(OuterRef("pk")), party=OuterRef(OuterRef("cso"))
    )
    billed = SessionKey.objects.filter(
        cso=OuterRef("cso"), session_id__in=own_names.values("alias")
    )
    return rows.filter(
        ~Exists(billed), state=ServiceSession.State.COMPLETED, updated_at__lte=now - waited
    )


def record_keys_of(session: ServiceSession) -> QuerySet[SessionKey]:
    """The live records that bill the session, one a part."""
    names = session.aliases.filter(party=session.cso_id).values("alias")
    return SessionKey.objects.filter(cso=session.cso_id, session_id__in=names)
