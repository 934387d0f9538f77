"""The page of one hold: why, what cures it, who is asked."""

from datetime import datetime

from django.utils.timesince import timesince

from partners.admin.story import GOOD, INFO, WARN, Badge, Facts, Figure, Figures, Note, Table, link
from partners.models import Approval, User
from partners.services.approvals import is_approver
from roaming.admin import story
from roaming.models import Finding
from roaming.rules.cures import cure_of
from roaming.services import holds


def of(state, *, user: User, now: datetime) -> list[object]:
    return [
        *_asked(state, user=user, now=now),
        Figures(
            [
                Figure("Claim", story.claim(state)),
                Figure("Held for", timesince(state.held_at, now, depth=1)),
                Figure("Rejected by the clock", story.expiry(state.expires_at, now=now)),
                Figure("Owner", state.owner_name or "nobody"),
            ]
        ),
        _reasons(state),
        Facts(
            "Who",
            [
                ("Sent by", link(state.sender)),
                ("Seller", link(state.seller)),
                ("Buyer", link(state.buyer) if state.buyer else "not known here"),
                ("Agreement", link(state.agreement) if state.agreement else "none applied"),
                ("Held since", state.held_at),
                ("Expires", state.expires_at),
                ("Checked", f"{state.version} times" if state.version > 1 else "once"),
            ],
        ),
    ]


def open_request(state, *, now: datetime) -> Approval | None:
    """The request that waits for a second person."""
    return (
        Approval.objects.filter(
            verb=holds.RELEASE_VERB,
            object_type="sdr",
            object_id=str(state.pk),
            state=Approval.State.REQUESTED,
            expires_at__gt=now,
        )
        .select_related("maker")
        .first()
    )


def _asked(state, *, user: User, now: datetime):
    approval = open_request(state, now=now)
    if approval is None:
        return
    who = "You ask" if approval.maker_id == user.pk else f"{approval.maker} asks"
    if approval.maker_id == user.pk:
        what = "somebody else has to agree."
    elif is_approver(user, holds.RIGHT):
        what = "agree or refuse with the buttons above."
    else:
        what = "an approver has to agree."
    yield Note(
        f"{who} to release it: “{approval.reason}”. Its claim is above"
        f" {holds.ALONE_UP_TO:,.0f}, so {what} The request expires on"
        f" {approval.expires_at:%Y-%m-%d}.",
        WARN,
        "A second person is asked for",
    )


def _reasons(state) -> Table:
    findings = Finding.objects.filter(sender=state.sender_id, record_id=state.pk, severity="HOLD")
    rows = []
    for finding in findings.order_by("-version", "code"):
        if finding.code not in state.codes:
            continue
        cure, is_seen = cure_of(finding.code)
        who = Badge("by itself", GOOD) if is_seen else Badge("by a person", INFO)
        rows.append((finding.code, finding.message, finding.field, cure, who))
    return Table(
        "Why it waits and what cures it",
        ("Code", "What is wrong", "Field", "What cures it", "Goes on"),
        rows,
        note="A record goes on by itself only when all its reasons do; staff may check it at once",
    )
