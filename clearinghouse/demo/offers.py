"""An offer that waits in the demo: a provider would like five days to look at each record."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from clearinghouse.demo.cast import World
from clearinghouse.periods import DEFAULT_TIME_ZONE
from partners.models import AgreementOffer, User
from partners.rules.offers import Terms
from partners.services import offers

MAKER, TAKER = "FR*MIS", "DE*NLX"
_AHEAD = timedelta(days=28)


def offer_other_terms(world: World, *, now: datetime) -> None:
    """Once; whoever runs the demo again finds it as it was answered."""
    maker, taker = world.parties[MAKER], world.parties[TAKER]
    if AgreementOffer.objects.filter(maker=maker, taker=taker).exists():
        return
    person = User.objects.filter(partner__ownerships__party=maker, is_active=True).earliest("pk")
    day = (now + _AHEAD).astimezone(ZoneInfo(DEFAULT_TIME_ZONE)).date()
    offers.make(
        offers.Wanted(
            maker=maker,
            taker_code=TAKER,
            taker_role=taker.role,
            maker_sells=False,
            group=world.group,
            note="Our team would like five days to look at each record.",
            terms=Terms(
                mode="CLEARED_PO",
                service_class="CHARGING",
                price_basis="EXCL_TAX",
                acceptance="DEEMED",
                acceptance_days=5,
                warn_after_days=7,
                refuse_after_days=90,
                tariff_notice_days=30,
                reduction=Decimal(0),
                starts_at=datetime.combine(day, time(), ZoneInfo(DEFAULT_TIME_ZONE)),
            ),
        ),
        by=person,
        now=now,
    )
