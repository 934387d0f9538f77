"""Keep the filters of a list under a name, and take them away again."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from partners.models import SavedFilter, User
from partners.services import audit


class NameTaken(Exception):
    """The owner, or for a shared one somebody, has named filters of this list so already."""


def of_list(list_of: str, *, user: User) -> list[SavedFilter]:
    """What the user sees above a list: its own and the shared ones, by name."""
    theirs = Q(owner=user) | Q(is_shared=True)
    return list(SavedFilter.objects.filter(theirs, list_of=list_of).order_by("name", "id"))


def save(
    list_of: str, *, name: str, query: str, is_shared: bool, owner: User, now: datetime
) -> SavedFilter:
    """Keep ``query``, which names no page; what the owner has under this name is replaced.

    :raises NameTaken: somebody shares another one of this name.
    """
    try:
        with transaction.atomic():
            kept, _ = SavedFilter.objects.update_or_create(
                owner=owner,
                list_of=list_of,
                name=name,
                defaults={"query": query, "is_shared": is_shared},
            )
    except IntegrityError as error:
        raise NameTaken(f"Somebody shares filters named “{name}” already.") from error
    if is_shared:
        audit.record(
            "saved_filter.shared",
            kept,
            actor=owner.get_username(),
            at=now,
            after={"list": list_of, "name": name},
        )
    return kept


def delete(kept: SavedFilter, *, actor: User, now: datetime) -> None:
    """Forget it; of a shared one everybody loses the link, so that is written down."""
    if kept.is_shared:
        audit.record(
            "saved_filter.deleted",
            kept,
            actor=actor.get_username(),
            at=now,
            before={"list": kept.list_of, "name": kept.name},
        )
    kept.delete()
