"""Tell people of partners what happened: once, as often as each wants, in one letter at a time.

Events are read from the rows that say so, with an overlap, so that neither a late commit nor a
killed process loses one; what was told is not told again. The letters then go the way of all
others: a server that is away loses nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from billing.models import (
    Notification,
    NotificationChoice,
    NotificationMail,
    NotificationMark,
)
from billing.queries_notifications import Event, conditions, daily, news
from billing.rules import notifications as rules
from clearinghouse.uuid7 import uuid7_at
from partners.models import Partner, User
from partners.queries import partners_standing
from partners.queries_languages import language_of
from partners.rules.life import standings_that
from partners.rules.roles import FINANCE, PARTNER_ROLES

# A transaction that commits later than this has not happened yet for anybody.
_OVERLAP = timedelta(minutes=15)
# Who sets mail up late wants no year of letters at once.
_TOLD_FOR = timedelta(days=2)
_KEPT_FOR = timedelta(days=90)


@transaction.atomic
def owe(*, is_direct: bool, now: datetime) -> int:
    """Note for each person what happened since the last time; how many notes were made.

    ``is_direct``: partners pay each other, and the house does not see what was paid.
    """
    mark = NotificationMark.objects.select_for_update(skip_locked=True).filter(pk=1).first()
    if mark is None:
        NotificationMark.objects.bulk_create(
            [NotificationMark(until_at=now, digest_day=rules.digest_day(now))],
            ignore_conflicts=True,
        )
        return 0
    since = max(mark.until_at - _OVERLAP, now - _TOLD_FOR)
    events = [*news(since=since, now=now), *conditions(now=now)]
    is_morning = rules.digest_day(now) != mark.digest_day
    people = _people() if events or is_morning else {}
    if is_morning:
        events += _of_the_day(people, is_direct=is_direct, now=now)
    made = _note(events, people, now=now)
    mark.until_at, mark.digest_day = now, rules.digest_day(now)
    mark.save(update_fields=["until_at", "digest_day"])
    return made


def _people() -> dict[UUID, list[tuple[User, frozenset[str]]]]:
    """Who can be told, by partner, with the rights of their roles."""
    found = User.objects.filter(partner__isnull=False, is_active=True).exclude(email="")
    people = defaultdict(list)
    for user in found.prefetch_related("groups").order_by("pk"):
        rights = {r for g in user.groups.all() if g.name in PARTNER_ROLES
                  for r in PARTNER_ROLES[g.name].rights}  # fmt: skip
        if user.partner_id is not None:
            people[user.partner_id].append((user, frozenset(rights)))
    return people


def _of_the_day(
    people: dict[UUID, list[tuple[User, frozenset[str]]]], *, is_direct: bool, now: datetime
) -> Iterator[Event]:
    payers = [
        one for one, persons in people.items() if any(FINANCE in rights for _, rights in persons)
    ]
    partners = Partner.objects.filter(pk__in=payers).order_by("pk")
    return daily(rules.digest_day(now), partners=partners, is_direct=is_direct, now=now)


def _note(
    events: list[Event],
    people: dict[UUID, list[tuple[User, frozenset[str]]]],
    *,
    now: datetime,
) -> int:
    concerned = {one.partner_id for one in events} & people.keys()
    reading = partners_standing(concerned, standings_that("writes"), now=now)
    chosen = {
        (one.user_id, one.kind): one.mode
        for one in NotificationChoice.objects.filter(user__partner__in=reading)
    }
    notes = []
    for event in events:
        for user, rights in people[event.partner_id] if event.partner_id in reading else []:
            mode = rules.mode_of(event.kind, chosen.get((user.pk, event.kind), ""))
            if event.kind in rules.kinds_for(rights) and mode != rules.OFF:
                notes.append(_notification(event, user, mode, now))
    Notification.objects.bulk_create(notes, ignore_conflicts=True, batch_size=1_000)
    return Notification.objects.filter(pk__in=[one.pk for one in notes]).count()


def _notification(event: Event, user: User, mode: str, now: datetime) -> Notification:
    # What is told by the day is made when the day's digest is.
    is_digest = event.kind in ("RECORDS", "PAYMENTS")
    return Notification(
        id=uuid7_at(now),
        user=user,
        kind=event.kind,
        subject=event.subject,
        facts=dict(event.facts),
        created_at=now,
        due_at=now if is_digest else rules.due_at(mode, now=now),
    )


@transaction.atomic
def gather(*, now: datetime) -> int:
    """Put what is due into one letter for each person; how many letters."""
    due = Notification.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        mail__isnull=True, due_at__lte=now, created_at__gt=now - _TOLD_FOR
    )
    of_person: dict[int, list[UUID]] = defaultdict(list)
    for pk, user_id in due.order_by("user", "pk").values_list("pk", "user_id")[:5_000]:
        of_person[user_id].append(pk)
    people = User.objects.filter(pk__in=of_person, is_active=True).exclude(email="")
    for user in people.order_by("pk"):
        letter = NotificationMail.objects.create(
            id=uuid7_at(now),
            user=user,
            recipient=user.email,
            language=language_of(user),
            next_attempt_at=now,
            created_at=now,
        )
        Notification.objects.filter(pk__in=of_person[user.pk]).update(mail=letter)
    return len(people)


def forget(*, now: datetime) -> int:
    """Delete what was told 90 days ago and more."""
    old = now - _KEPT_FOR
    done, _ = Notification.objects.filter(created_at__lt=old).delete()
    NotificationMail.objects.filter(created_at__lt=old, notifications__isnull=True).delete()
    return done


def choose(user: User, modes: dict[str, str], *, rights: Collection[str]) -> None:
    """Keep how often the person wants to be told; what is as usual needs no row.

    :raises ValueError: a kind that is not the person's, or that leaves no such choice
    """
    for kind, mode in modes.items():
        if kind not in rules.kinds_for(rights) or mode not in rules.KINDS[kind].modes:
            raise ValueError(f"{kind} is not told {mode}")
    with transaction.atomic():
        for kind, mode in modes.items():
            if rules.KINDS[kind].is_fixed:
                continue
            if mode == rules.KINDS[kind].usual:
                NotificationChoice.objects.filter(user=user, kind=kind).delete()
            else:
                NotificationChoice.objects.update_or_create(
                    user=user, kind=kind, defaults={"mode": mode}
                )
