"""The story of one connection: its state, its last day, what waits for it, its last exchanges."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from partners.admin.story import (
    BAD,
    GOOD,
    INFO,
    WARN,
    ActionLink,
    Badge,
    Facts,
    Figure,
    Figures,
    Note,
    Story,
    Table,
    link,
)
from partners.models import RoamingEndpoint
from roaming import queries_exchanges
from roaming.models import Exchange, ObjectPush
from roaming.protocols.rest import gateway as rest
from roaming.services.outgoing.breaker import State, breaker

STATE_TONES = {"CONNECTED": GOOD, "OFFLINE": BAD, "SUSPENDED": WARN, "PLANNED": INFO}
_BREAKER = {
    State.CLOSED: Badge("closed: calls go out", GOOD),
    State.OPEN: Badge("open: not called", BAD),
    State.HALF_OPEN: Badge("half open: the next call is a probe", WARN),
}
_SHOWN = 20
_State = RoamingEndpoint.State
_CLEARING = RoamingEndpoint.Capability.CLEARING


def story(endpoint: RoamingEndpoint, *, may_change: bool, now: datetime) -> Story:
    """All that a person who looks after it asks first."""
    breaker_state = breaker.state(endpoint.pk)
    sections = [
        *_hint(endpoint),
        _figures(endpoint, now=now),
        _facts(endpoint, breaker_state),
        _waiting(endpoint),
        _exchanges(endpoint),
        _interfaces(endpoint),
    ]
    return Story(sections, _actions(endpoint, breaker_state, may_change=may_change))


def register_at() -> str:
    """The address that a partner enters with its token."""
    return f"{settings.PUBLIC_URL}/ocpi/versions"


def result_of(exchange: Exchange) -> Badge:
    """What came of a call, in a word: both statuses where there are both."""
    if exchange.http_status is None:
        return Badge(exchange.error.partition(":")[0].lower().replace("_", " ") or "failed", BAD)
    own = f" / {exchange.status_code}" if exchange.status_code else ""
    return Badge(f"{exchange.http_status}{own}", GOOD if exchange.is_success else BAD)


def _hint(endpoint: RoamingEndpoint):
    if not endpoint.parties.exists():
        yield Note(
            "It speaks for nobody yet: approve its parties by Edit. Until then every call of its"
            " system about records, sessions or locations is refused.",
            WARN,
        )
    elif endpoint.state == _State.PLANNED and endpoint.protocol == rest.PROTOCOL:
        yield Note("Enter its address by Edit: a system of our own API needs no handshake.")
    elif endpoint.state == _State.PLANNED:
        yield Note(
            "It has not registered yet: give its owner a token to register, or register at its"
            " system with a token that its owner gave you."
        )


def _figures(endpoint: RoamingEndpoint, *, now: datetime) -> Figures:
    traffic = queries_exchanges.traffic_of([endpoint.pk], now=now).get(
        endpoint.pk, queries_exchanges.NO_TRAFFIC
    )
    return Figures(
        [
            Figure("Our calls, 24 h", f"{traffic.calls:,}"),
            Figure("Went well", traffic.share),
            Figure("Half within", _ms(traffic.p50_ms)),
            Figure("95 % within", _ms(traffic.p95_ms)),
        ]
    )


def _ms(duration: int | None) -> str:
    return "–" if duration is None else f"{duration:,} ms"


def _facts(endpoint: RoamingEndpoint, breaker_state: State) -> Facts:
    parties = ", ".join(str(party) for party in endpoint.parties.order_by("country_code"))
    return Facts(
        "",
        [
            ("State", Badge(endpoint.state, STATE_TONES[endpoint.state])),
            ("Since", endpoint.state_changed_at),
            ("Last heard of", endpoint.last_heard_at or "never"),
            ("Breaker", _BREAKER[breaker_state]),
            ("Owner", link(endpoint.owner)),
            ("Speaks for", parties or "nobody yet"),
            ("Environment", endpoint.environment),
            ("Protocol", f"{endpoint.protocol} {endpoint.protocol_version}".strip()),
            ("Its address", endpoint.versions_url or endpoint.url),
            ("Registered", endpoint.registered_at),
            (
                "Clearing module",
                "agreed by both sides" if _CLEARING in endpoint.capabilities else "",
            ),
        ],
    )


def _waiting(endpoint: RoamingEndpoint) -> Table:
    kinds = dict(ObjectPush.Kind.choices)
    rows = [
        (kinds[one.kind], one.waiting, one.failing, one.given_up)
        for one in queries_exchanges.pushes_waiting(endpoint.pk)
    ]
    return Table(
        "What waits to be pushed",
        ("Object", "Waiting", "of these failing", "Given up"),
        rows,
        frozenset({1, 2, 3}),
        empty="Nothing waits: it knows the newest state of everything.",
        note="What was given up is tried again when it changes, or by Send again on an exchange.",
    )


def _exchanges(endpoint: RoamingEndpoint) -> Table:
    rows = [
        (
            link(one, f"{timezone.localtime(one.asked_at):%Y-%m-%d %H:%M:%S}"),
            one.get_direction_display(),
            f"{one.verb} {one.module}",
            result_of(one),
            f"{one.duration_ms:,}",
        )
        for one in queries_exchanges.last_exchanges(endpoint.pk, most=_SHOWN)
    ]
    return Table(
        "Last exchanges",
        ("When", "Who", "What", "Result", "ms"),
        rows,
        frozenset({4}),
        empty="Nothing was said yet, or not in the last thirty days.",
    )


def _interfaces(endpoint: RoamingEndpoint) -> Table:
    rows = [
        (one.module, one.side.lower(), one.url)
        for one in endpoint.interfaces.order_by("module", "side")
    ]
    return Table(
        "What its system offers",
        ("Module", "Side", "Address"),
        rows,
        empty="It has not told yet: it does so in the handshake.",
        is_folded=bool(rows),
    )


def _actions(
    endpoint: RoamingEndpoint, breaker_state: State, *, may_change: bool
) -> list[ActionLink]:
    exchanges = reverse("admin:roaming_exchange_changelist")
    links = [ActionLink("All its exchanges", f"{exchanges}?endpoint__id__exact={endpoint.pk}")]
    if not may_change:
        return links
    change = reverse("admin:partners_roamingendpoint_change", args=[endpoint.pk])
    links.append(ActionLink("Edit", f"{change}?edit=1"))
    acts = []
    if endpoint.protocol != rest.PROTOCOL:
        acts.append(("token", "Token to register…", False))
        if endpoint.state != _State.SUSPENDED:
            acts.append(("connect", "Register at its system…", False))
    if breaker_state is not State.CLOSED:
        acts.append(("breaker", "Close the breaker…", False))
    if endpoint.state == _State.SUSPENDED:
        acts.append(("resume", "End the suspension…", False))
    else:
        acts.append(("suspend", "Suspend…", True))
    return links + [
        ActionLink(
            label,
            reverse(f"admin:partners_roamingendpoint_{name}", args=[endpoint.pk]),
            is_dangerous=is_dangerous,
        )
        for name, label, is_dangerous in acts
    ]
