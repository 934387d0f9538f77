"""/admin/figures/: how things go, drawn; of all partners or of one. Reads prepared figures."""

from datetime import UTC, datetime, timedelta

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget

from billing.queries_ageing import today_at
from clearinghouse import figure_charts as draw
from partners.admin.story import Note, Story
from partners.models import Environment, Partner
from roaming import queries_figures as figures
from roaming.queries_figures import Asked

_PERIODS = (("7", "7 days"), ("30", "30 days"), ("90", "90 days"))


class FiguresForm(forms.Form):
    """Which figures."""

    sender = forms.ModelChoiceField(
        Partner.objects.order_by("name"),
        required=False,
        empty_label="All senders",
        label="Records of",
        widget=UnfoldAdminSelectWidget,
    )
    days = forms.ChoiceField(
        choices=_PERIODS, label="Received in the last", widget=UnfoldAdminSelectWidget
    )
    environment = forms.ChoiceField(choices=Environment.choices, widget=UnfoldAdminSelectWidget)


def figures_page(request: HttpRequest) -> HttpResponse:
    """Charts with their tables; each part for those who may see what it is made of.

    Who may see figures and no records (a regulator) is shown neither names nor money.
    """
    if not request.user.has_perm("roaming.view_dayfigure"):
        raise PermissionDenied
    usual = {"days": "30", "environment": Environment.LIVE.value}
    form = FiguresForm(usual | {name: text for name, text in request.GET.items() if text})
    may_see_records = request.user.has_perm("roaming.view_sdr")
    if not may_see_records:
        del form.fields["sender"]
    now = timezone.now()
    sections = _sections(request, form, now=now) if form.is_valid() else []
    context = {
        **admin.site.each_context(request),
        "title": "Figures",
        "area": "Today",
        "form": form,
        "story": Story(sections),
    }
    return TemplateResponse(request, "admin/asked_story.html", context)


def _sections(request: HttpRequest, form: FiguresForm, *, now: datetime) -> list[object]:
    cleaned = form.cleaned_data
    asked = asked_of(
        days=int(cleaned["days"]),
        environment=cleaned["environment"],
        sender=cleaned.get("sender"),
        now=now,
    )
    may_see_records = request.user.has_perm("roaming.view_sdr")
    sections: list[object] = [
        _as_of(),
        *draw.volume_charts(asked, with_money=may_see_records),
        draw.funnel_chart(figures.funnel(asked)),
        draw.delay_chart(asked),
        *draw.cause_charts(asked),
        draw.missing_chart(asked),
    ]
    if asked.sender_id is None and may_see_records:
        sections.append(draw.score_table(asked))
    if asked.sender_id is None:
        sections += _of_the_house(request, asked.environment, now=now)
    return sections


def _of_the_house(request: HttpRequest, environment: str, *, now: datetime) -> list[object]:
    """What is no sender's: money owed, limits, connections."""
    user, sections = request.user, []
    if user.has_perm("billing.view_exposurereading"):
        sections += draw.exposure_sections(environment)
    if user.has_perm("billing.view_position"):
        sections += draw.ageing_charts(today=today_at(now), environment=environment)
    if user.has_perm("partners.view_roamingendpoint"):
        sections.append(draw.endpoint_table(environment, now=now))
    return sections


def asked_of(*, days: int, environment: str, now: datetime, sender: Partner | None = None) -> Asked:
    """The days up to today; where nothing came for long (a demo), up to the last with records."""
    today = now.astimezone(UTC).date()
    newest = figures.last_day()
    last = today if newest is None or newest > today - timedelta(days=days) else newest
    return Asked(
        environment=environment,
        first=last - timedelta(days=days - 1),
        until=last + timedelta(days=1),
        sender_id=sender.pk if sender else None,
    )


def _as_of() -> Note:
    at = figures.prepared_at()
    if at is None:
        return Note("Nothing is counted yet: figures are prepared every ten minutes.")
    return Note(f"Counted {timezone.localtime(at):%-d %B %Y, %H:%M}; again every ten minutes.")
