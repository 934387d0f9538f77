"""Register, rotate and end the connection of a partner's system. Tokens leave here once, as text.

A rotation cannot lock anybody out: the old token stays good until the new one was shown, and our
former secret is kept for a way back.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from clearinghouse.sealing import Sealer
from partners.models import EndpointInterface, EndpointSecret, EndpointToken, RoamingEndpoint

REGISTRATION_LASTS = timedelta(days=7)
_PURPOSE = "endpoint secret"
_TOKEN_BYTES = 36


@dataclass(frozen=True, slots=True)
class Offered:
    """A module that the partner's system offers: which, from which side, where."""

    module: str
    side: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a partner's system told of itself in a handshake."""

    secret: str
    versions_url: str
    version: str
    interfaces: tuple[Offered, ...]


class Overtaken(Exception):
    """A handshake that something else has overtaken: nothing of it is stored."""


def checksum(token: str) -> str:
    """How a token that a partner shows is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue_registration_token(endpoint: RoamingEndpoint, *, now: datetime) -> str:
    """A token that opens the handshake for seven days; those given before it end.

    A suspended connection starts anew: whatever its system, or who robbed it, showed is over.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with transaction.atomic():
        _end_tokens(endpoint, now=now, purpose=EndpointToken.Purpose.REGISTRATION)
        EndpointToken.objects.create(
            endpoint=endpoint,
            purpose=EndpointToken.Purpose.REGISTRATION,
            token_sha256=checksum(token),
            created_at=now,
            ends_at=now + REGISTRATION_LASTS,
        )
        suspended = RoamingEndpoint.objects.filter(
            pk=endpoint.pk, state=RoamingEndpoint.State.SUSPENDED
        )
        if suspended.update(state=RoamingEndpoint.State.PLANNED, state_changed_at=now):
            _end_tokens(endpoint, now=now, purpose=EndpointToken.Purpose.ACTIVE)
    return token


def issue_active_token(endpoint: RoamingEndpoint, *, now: datetime) -> str:
    """A token for all calls; the former ones end when this one is first shown."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    EndpointToken.objects.create(
        endpoint=endpoint,
        purpose=EndpointToken.Purpose.ACTIVE,
        token_sha256=checksum(token),
        created_at=now,
    )
    return token


def withdraw_token(token: str, *, now: datetime) -> None:
    """End a token that its receiver did not take."""
    EndpointToken.objects.filter(token_sha256=checksum(token)).update(ends_at=now)


def register(
    endpoint: RoamingEndpoint, terms: Terms, *, shown: EndpointToken, now: datetime
) -> str:
    """Connect the endpoint under ``terms``, or renew it; return the token its system shows now.

    ``shown`` is the token that asked for it. Partners can draw out a handshake, over a suspension
    or their own leaving, and begin two with one registration token.

    :raises Overtaken: the token has ended since, or the connection was suspended
    """
    with transaction.atomic():
        locked = RoamingEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
        _refuse_suspended(locked)
        if _has_ended(shown, now=now):
            raise Overtaken("The token that was shown has ended in the meantime.")
        _end_tokens(endpoint, now=now, purpose=EndpointToken.Purpose.REGISTRATION)
        token = issue_active_token(endpoint, now=now)
        keep_terms(locked, terms, now=now)
    return token


def settle(endpoint: RoamingEndpoint, terms: Terms, *, now: datetime) -> None:
    """Remember the terms of a handshake that we asked for ourselves.

    :raises Overtaken: the connection was suspended since
    """
    with transaction.atomic():
        locked = RoamingEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
        _refuse_suspended(locked)
        keep_terms(locked, terms, now=now)


def keep_terms(endpoint: RoamingEndpoint, terms: Terms, *, now: datetime) -> None:
    """Remember what the partner's system told; inside a transaction with the endpoint locked."""
    EndpointSecret.objects.filter(endpoint=endpoint, ends_at__isnull=True).update(ends_at=now)
    EndpointSecret.objects.create(
        endpoint=endpoint, encrypted_token=seal_secret(terms.secret), starts_at=now
    )
    replace_interfaces(endpoint, terms.interfaces)
    endpoint.versions_url, endpoint.protocol_version = terms.versions_url, terms.version
    endpoint.registered_at = endpoint.registered_at or now
    endpoint.state, endpoint.state_changed_at = RoamingEndpoint.State.CONNECTED, now
    endpoint.last_heard_at = now
    endpoint.save(
        update_fields=[
            "versions_url",
            "protocol_version",
            "registered_at",
            "state",
            "state_changed_at",
            "last_heard_at",
        ]
    )


def replace_interfaces(endpoint: RoamingEndpoint, interfaces: Iterable[Offered]) -> None:
    """What it offers now, in place of what it offered."""
    EndpointInterface.objects.filter(endpoint=endpoint).delete()
    EndpointInterface.objects.bulk_create(
        [
            EndpointInterface(endpoint=endpoint, module=one.module, side=one.side, url=one.url)
            for one in interfaces
        ]
    )


def unregister(endpoint: RoamingEndpoint, *, now: datetime) -> None:
    """End the connection for good: its tokens and our secret with it."""
    with transaction.atomic():
        for purpose in EndpointToken.Purpose:
            _end_tokens(endpoint, now=now, purpose=purpose)
        EndpointSecret.objects.filter(endpoint=endpoint, ends_at__isnull=True).update(ends_at=now)
        RoamingEndpoint.objects.filter(pk=endpoint.pk).update(
            state=RoamingEndpoint.State.SUSPENDED, state_changed_at=now, registered_at=None
        )


def secret_of(endpoint: RoamingEndpoint) -> str:
    """What we show its system; "" where nothing was agreed."""
    held = EndpointSecret.objects.filter(endpoint=endpoint, ends_at__isnull=True).first()
    return open_secret(held) if held else ""


def former_secret_of(endpoint: RoamingEndpoint) -> str:
    """The one before it: a partner may have refused the newest after all."""
    held = EndpointSecret.objects.filter(endpoint=endpoint, ends_at__isnull=False)
    newest = held.order_by("-ends_at").first()
    return open_secret(newest) if newest else ""


def seal_secret(secret: str) -> bytes:
    return _sealer().seal(secret.encode())


def open_secret(held: EndpointSecret) -> str:
    return _sealer().open(bytes(held.encrypted_token)).decode()


def _refuse_suspended(locked: RoamingEndpoint) -> None:
    """Only a person ends a suspension."""
    if locked.state == RoamingEndpoint.State.SUSPENDED:
        raise Overtaken("The connection was suspended in the meantime.")


def _has_ended(shown: EndpointToken, *, now: datetime) -> bool:
    """Since it was shown. A registration token serves once, whoever's clock is ahead."""
    ends_at = EndpointToken.objects.values_list("ends_at", flat=True).get(pk=shown.pk)
    if shown.purpose == EndpointToken.Purpose.REGISTRATION and ends_at != shown.ends_at:
        return True
    return ends_at is not None and ends_at <= now


def _end_tokens(endpoint: RoamingEndpoint, *, now: datetime, purpose: str) -> None:
    EndpointToken.objects.filter(endpoint=endpoint, purpose=purpose).exclude(
        ends_at__lte=now
    ).update(ends_at=now)


def _sealer() -> Sealer:
    return Sealer(settings.PERSONAL_DATA_KEY, purpose=_PURPOSE)
