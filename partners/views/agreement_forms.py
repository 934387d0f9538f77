"""What a partner fills in to offer an agreement, a next version, or other terms."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import QuerySet
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext, gettext_lazy

from clearinghouse.identifiers import MalformedPartyCode, parse_party_code
from clearinghouse.periods import DEFAULT_TIME_ZONE
from partners.models import AgreementOffer, Party, RoamingAgreement, SettlementGroup
from partners.queries_offers import pays_the_house
from partners.rules.offers import Terms
from partners.services.offers import Wanted
from partners.views.agreement_words import ACCEPTANCES, BASES, MODES, SERVICES, WRONG

_ZONE = ZoneInfo(DEFAULT_TIME_ZONE)
_DAYS_AHEAD = timedelta(days=14)
_MOST_GROUPS = 2
# Where a field of the form is called otherwise than the term.
_FIELDS = {"starts_at": "starts_on", "ends_at": "ends_on", "reduction": "reduction_percent"}


def _days(label: Any, *, required: bool = False, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=366, required=required, **more)


def _day(**more: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **more)


class TermsForm(forms.Form):
    """Terms alone: who the two sides are is known."""

    mode = forms.ChoiceField(label=gettext_lazy("Way"), choices=list(MODES.items()))
    group = forms.ModelChoiceField(SettlementGroup.objects.none(), label=gettext_lazy("Settled in"))
    starts_on = _day(label=gettext_lazy("From"))
    ends_on = _day(
        label=gettext_lazy("Last day"), required=False, help_text=gettext_lazy("Empty: open.")
    )
    price_basis = forms.ChoiceField(label=gettext_lazy("Prices"), choices=list(BASES.items()))
    reduction_percent = forms.DecimalField(
        label=gettext_lazy("Price reduction for the buyer, %"),
        min_value=0,
        max_value=100,
        max_digits=7,
        decimal_places=4,
        help_text=gettext_lazy("The buyer pays so much less than the claim."),
    )
    acceptance = forms.ChoiceField(
        label=gettext_lazy("A record is accepted"), choices=list(ACCEPTANCES.items())
    )
    acceptance_days = _days(
        gettext_lazy("After so many days"),
        help_text=gettext_lazy("Only where days without a dispute count."),
    )
    warn_after_days = _days(gettext_lazy("A record is noted as late after days"))
    refuse_after_days = _days(
        gettext_lazy("A record is refused after days"), help_text=gettext_lazy("Empty: never.")
    )
    tariff_notice_days = _days(
        gettext_lazy("An increase is announced days ahead"),
        required=True,
        help_text=gettext_lazy("Later ones wait for the buyer's consent. 0: no notice needed."),
    )
    note = forms.CharField(
        label=gettext_lazy("A word to the other side"),
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        validators=[ProhibitNullCharactersValidator()],
    )

    def __init__(self, *args: Any, groups: QuerySet[SettlementGroup], **options: Any):
        super().__init__(*args, **options)
        choices = list(groups[:_MOST_GROUPS])
        self.has_groups = bool(choices)
        self.fields["group"].queryset = groups  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.initial.setdefault("group", choices[0].pk)

    def terms(self, *, service_class: str) -> Terms:
        said = self.cleaned_data
        last = said["ends_on"]
        days = said["acceptance_days"]
        return Terms(
            mode=said["mode"],
            service_class=service_class,
            price_basis=said["price_basis"],
            acceptance=said["acceptance"],
            acceptance_days=10 if days is None and said["acceptance"] != "DEEMED" else days or 0,
            warn_after_days=said["warn_after_days"],
            refuse_after_days=said["refuse_after_days"],
            tariff_notice_days=said["tariff_notice_days"],
            reduction=(said["reduction_percent"] / 100).quantize(Decimal("0.000001")),
            starts_at=_midnight(said["starts_on"]),
            ends_at=_midnight(last + timedelta(days=1)) if last else None,
        )

    def tell(self, wrong: dict[str, str]) -> None:
        """Put what the terms cannot say beside its field."""
        for name, key in wrong.items():
            field = _FIELDS.get(name, name)
            self.add_error(field if field in self.fields else None, str(WRONG[key]))

    def clean_starts_on(self) -> date:
        return _within_years(self.cleaned_data["starts_on"])

    def clean_ends_on(self) -> date | None:
        last = self.cleaned_data["ends_on"]
        return _within_years(last) if last else None


class NextVersionForm(TermsForm):
    """An offer to the other side of an agreement that there is."""


class OfferForm(TermsForm):
    """An offer to whoever has a code."""

    maker = forms.ModelChoiceField(Party.objects.none(), label=gettext_lazy("Your party"))
    relation = forms.ChoiceField(
        label=gettext_lazy("What you do in it"),
        choices=[
            ("sells", gettext_lazy("We sell: our stations, the other side's drivers")),
            ("buys", gettext_lazy("We buy: our drivers, the other side's stations")),
        ],
    )
    other = forms.CharField(
        label=gettext_lazy("The other party"),
        max_length=10,
        widget=forms.TextInput({"list": "known", "autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Its code, such as DE*ABC. Ask them for it: the clearing house tells nobody who is"
            " with it, and an offer to a code that nobody has runs out unanswered."
        ),
    )
    service_class = forms.ChoiceField(label=gettext_lazy("Service"), choices=list(SERVICES.items()))
    field_order = ("maker", "relation", "other", "service_class")

    def __init__(self, *args: Any, parties: Iterable[Party], **options: Any):
        super().__init__(*args, **options)
        self.fields["maker"].queryset = parties  # type: ignore[attr-defined]

    def clean_other(self) -> str:
        try:
            return parse_party_code(self.cleaned_data["other"].strip()).normal
        except MalformedPartyCode as error:
            raise forms.ValidationError(
                gettext("Write two letters of a country and three of the party, such as DE*ABC.")
            ) from error

    def wanted(self) -> Wanted:
        said = self.cleaned_data
        sells = said["relation"] == "sells"
        resold = said["mode"] == RoamingAgreement.Mode.CLEARED_PP
        return Wanted(
            maker=said["maker"],
            taker_code=said["other"],
            taker_role=Party.Role.CSP if sells or resold else Party.Role.CSO,
            maker_sells=sells,
            group=said["group"],
            terms=self.terms(service_class=said["service_class"]),
            note=said["note"],
        )


def usual(parties: Sequence[Party]) -> dict[str, object]:
    """What a new offer of one of the parties begins with: who only has drivers buys."""
    buys = {one.role for one in parties} == {Party.Role.CSP}
    return {
        "maker": parties[0].pk if len(parties) == 1 else None,
        "relation": "buys" if buys else "sells",
        "mode": RoamingAgreement.Mode.CLEARED_PO,
        "price_basis": RoamingAgreement.PriceBasis.EXCL_TAX,
        "acceptance": RoamingAgreement.Acceptance.ON_VALIDATION,
        "warn_after_days": 7,
        "refuse_after_days": 90,
        "tariff_notice_days": 14,
        "reduction_percent": 0,
        "starts_on": localdate() + _DAYS_AHEAD,
    }


def as_in(row: RoamingAgreement | AgreementOffer) -> dict[str, object]:
    """What a next version or a counter-offer begins with; a day that has passed is moved."""
    if isinstance(row, AgreementOffer):
        rate = row.reduction
        starts_on = localtime(row.starts_at).date()
        ends_on = localtime(row.ends_at - timedelta(seconds=1)).date() if row.ends_at else None
    else:
        rate = Decimal(0) if pays_the_house(row) else row.commission_rate
        begins = max(row.starts_at, row.ends_at or row.starts_at)
        starts_on, ends_on = localtime(begins).date(), None
    return {
        "mode": row.mode,
        "group": row.group_id,
        "price_basis": row.price_basis,
        "acceptance": row.acceptance,
        "acceptance_days": row.acceptance_days,
        "warn_after_days": row.warn_after_days,
        "refuse_after_days": row.refuse_after_days,
        "tariff_notice_days": row.tariff_notice_days,
        "reduction_percent": (rate * 100).normalize(),
        "starts_on": max(starts_on, localdate() + _DAYS_AHEAD),
        "ends_on": ends_on,
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), _ZONE)


def _within_years(day: date) -> date:
    if not 2020 <= day.year <= 2200:
        raise forms.ValidationError(gettext("Write the day with its year, such as 2027-01-31."))
    return day
