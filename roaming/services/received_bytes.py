"""Records exactly as they were received, for those who are a side of them."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection

from clearinghouse.sealing import Sealer


class Received(NamedTuple):
    """``raw``: the bytes; ``door`` and ``profile``: how they came."""

    raw: bytes
    door: str
    profile: str


def received(record_ids: Collection[UUID], *, parties: Collection[UUID]) -> dict[UUID, Received]:
    """The bytes of those records of which one of ``parties`` is a side; others are left out.

    A buyer gets what was delivered to it. What was erased is left out too.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT record_id, payload, door, profile FROM roaming_bytes_for(%s, %s)",
            [list(record_ids), list(parties)],
        )
        rows = cursor.fetchall()
    sealer = Sealer(settings.PERSONAL_DATA_KEY, purpose="raw-record")
    return {
        record_id: Received(sealer.open(bytes(payload)), door, profile)
        for record_id, payload, door, profile in rows
    }
