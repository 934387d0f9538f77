"""HubClientInfo: how each party stands that the caller has an agreement with (2.2.1 §14)."""

from collections.abc import Iterable
from typing import Any

from partners.models import PartyPresence
from roaming.protocols.ocpi.client_info import client_info
from roaming.protocols.ocpi.faults import Answer
from roaming.protocols.ocpi.http import Call, ModuleView
from roaming.protocols.ocpi.paging import page_of
from roaming.protocols.ocpi.registry import Module
from roaming.queries_presence import presences


class ClientInfos(ModuleView):
    """GET /ocpi/{version}/sender/hubclientinfo."""

    is_routed = False

    def get(self, call: Call) -> Answer:
        rows = presences(call.connection.endpoint, now=call.now)
        return page_of(call, rows, render=client_infos, by="changed_at", order="party_id")


def client_infos(rows: Iterable[PartyPresence]) -> list[dict[str, Any]]:
    return [client_info(row) for row in rows]


MODULE = Module(
    name="hubclientinfo",
    versions=("2.3.0", "2.2.1"),
    sides={"SENDER": "sender/hubclientinfo"},
    routes=(("sender/hubclientinfo", ClientInfos.as_view()),),
)
