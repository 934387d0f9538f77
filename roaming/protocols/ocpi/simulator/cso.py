"""What a partner that sells charging does: sites, tariffs, sessions and records.

Every verb returns the call that it made; what was sent is its ``body``. Parts that a story does not
name are made up: site LOC1 with tariff T1.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

from roaming.protocols.ocpi.simulator import documents, exact
from roaming.protocols.ocpi.simulator.calls import Asked
from roaming.protocols.ocpi.simulator.exact import Document
from roaming.protocols.ocpi.simulator.exchanges import Call
from roaming.protocols.ocpi.simulator.options import CPO
from roaming.protocols.ocpi.simulator.platform import Platform, stamp

_HOUR = timedelta(hours=1)


class CsoVerbs(Platform):
    """Drafts are kept in the words of 2.2.1, ``own`` in those of the version."""

    def add_tariff(
        self, tariff_id: str = "T1", *, price: Decimal = documents.ENERGY_PRICE, **changes: object
    ) -> Document:
        """Into our list; nothing is sent."""
        made = documents.tariff(self.speaker(CPO), tariff_id, price=price)
        return self.keep("tariffs", tariff_id, made | changes)

    def push_tariff(self, tariff_id: str = "T1", *, to: str = "") -> Call:
        if tariff_id not in self.drafts("tariffs"):
            self.add_tariff(tariff_id)
        return self._push("tariffs", tariff_id, to=to or self.hub())

    def delete_tariff(self, tariff_id: str = "T1", *, to: str = "") -> Call:
        self.forget("tariffs", tariff_id)
        path = self._owned_path(tariff_id)
        return self.ask("DELETE", "RECEIVER", "tariffs", *path, to=to or self.hub())

    def add_location(
        self, location_id: str = "LOC1", *, evses: int = 1, tariff_id: str = "T1", **changes: object
    ) -> Document:
        """Into our list; nothing is sent."""
        if tariff_id and tariff_id not in self.drafts("tariffs"):
            self.add_tariff(tariff_id)
        owner = self.speaker(CPO)
        made = documents.location(owner, location_id, evses=evses, tariff_id=tariff_id)
        return self.keep("locations", location_id, made | changes)

    def load_locations(self, path: Path) -> int:
        """Locations of 2.2.1 from a JSON list, as ours; how many there were."""
        owner = documents.owned(self.speaker(CPO))
        read = exact.read(path.read_bytes())
        for one in read:
            self.keep("locations", one["id"], one | owner)
        return len(read)

    def push_location(self, location_id: str = "LOC1", *, to: str = "") -> Call:
        self._location(location_id)
        return self._push("locations", location_id, to=to or self.hub())

    def push_status(
        self, status: str, location_id: str = "LOC1", *, number: int = 1, to: str = ""
    ) -> Call:
        """PATCH the status of the ``number``-th EVSE of a site."""
        draft = self._location(location_id)
        evse, at = draft["evses"][number - 1], stamp()
        evse |= {"status": status, "last_updated": at}
        self.keep("locations", location_id, draft | {"last_updated": at})
        path = (*self._owned_path(location_id), evse["uid"])
        changes = {"status": status, "last_updated": at}
        return self.ask("PATCH", "RECEIVER", "locations", *path, body=changes, to=to or self.hub())

    def authorize(
        self, uid: str, *, kind: str = "", location_id: str = "LOC1", to: str = ""
    ) -> Call:
        """Ask in real time; without ``location_id`` nothing is said of the place."""
        name = "token_type" if self.version == "2.1.1" else "type"
        place = {"location_id": location_id} if location_id else None
        query = f"authorize?{name}={kind}" if kind else "authorize"
        return self.ask("POST", "SENDER", "tokens", quote(uid), query, body=place, to=to)

    def start_session(
        self,
        token: Document,
        *,
        location_id: str = "LOC1",
        started_at: datetime | None = None,
        to: str = "",
        **changes: object,
    ) -> Call:
        """PUT a session that began at ``started_at`` (an hour ago). ``token`` is of any version."""
        place = self._location(location_id)
        owner = self.speaker(CPO)
        named = documents.owned(owner) | {"type": "RFID", "contract_id": token.get("auth_id", "")}
        made = documents.session(owner, self.new_id("S"), named | token, place)
        made["start_date_time"] = stamp(started_at or datetime.now(UTC) - _HOUR)
        session_id = str(changes.get("id", made["id"]))
        self.keep("sessions", session_id, made | changes)
        return self._push("sessions", session_id, to=to)

    def patch_session(self, session_id: str, *, to: str = "", **changes: object) -> Call:
        """PATCH in the words of 2.2.1; ``charging_periods`` are added to those there were."""
        draft = self.drafts("sessions")[session_id]
        said = changes | {"last_updated": stamp()}
        added = changes.get("charging_periods", [])
        periods = [*draft["charging_periods"], *added]  # type: ignore[misc]
        changed = draft | said | {"charging_periods": periods}
        self.keep("sessions", session_id, changed)
        if self.version == "2.1.1" and "end_date_time" in said:
            said["end_datetime"] = said.pop("end_date_time")
        path = self._owned_path(session_id)
        return self.ask("PATCH", "RECEIVER", "sessions", *path, body=said, to=to)

    def finish_session(
        self,
        session_id: str,
        kwh: Decimal = Decimal("12.345"),
        *,
        ended_at: datetime | None = None,
        to: str = "",
    ) -> Call:
        """The session ended at ``ended_at`` (now)."""
        end = stamp(ended_at)
        done = {"status": "COMPLETED", "kwh": kwh, "end_date_time": end}
        return self.patch_session(session_id, to=to, **done)

    def post_cdr(self, session_id: str, *, to: str = "", **changes: object) -> Call:
        """The record of a finished session; ``changes`` in the words of 2.2.1."""
        session = self.drafts("sessions")[session_id]
        place = self._location(session["location_id"])
        plugs = [plug for evse in place["evses"] for plug in evse["connectors"]]
        tariff_id = next((plug["tariff_ids"][0] for plug in plugs if plug.get("tariff_ids")), "T1")
        if tariff_id not in self.drafts("tariffs"):
            self.add_tariff(tariff_id)
        made = documents.cdr(session, self.new_id("C"), place, self.drafts("tariffs")[tariff_id])
        return self._post_cdr(made | changes, to)

    def credit_cdr(self, cdr_id: str, *, to: str = "", **changes: object) -> Call:
        """The credit of a record that was posted.

        :raises NotInThisVersion: 2.1.1 has no credits.
        """
        original = self.drafts("cdrs")[cdr_id]
        return self._post_cdr(documents.credit(original) | changes, to)

    def send_cdr(self, document: Document | bytes, *, to: str = "") -> Call:
        """A record just as it is, in the words of the version or as bytes."""
        raw = document if isinstance(document, bytes) else exact.write(document)
        url = self.peer_url("RECEIVER", "cdrs")
        asked = Asked("POST", url, "cdrs", speaker=self.speaker(CPO), to=to, raw=raw)
        return self.caller.send(asked)

    def get_cdr(self, url: str, *, to: str = "") -> Call:
        """The record at the ``Location`` that a post was answered with."""
        return self.caller.send(Asked("GET", url, "cdrs", speaker=self.speaker(CPO), to=to))

    def started_remotely(self, command: Document) -> None:
        if self.manners.starts_sessions:
            known = command["location_id"] in self.drafts("locations")
            location_id = command["location_id"] if known else "LOC1"
            reference = command.get("authorization_reference")
            more = {"authorization_reference": reference} if reference else {}
            self.start_session(
                command["token"], location_id=location_id, auth_method="COMMAND", **more
            )

    def _post_cdr(self, draft: Document, to: str) -> Call:
        document = self.keep("cdrs", draft["id"], draft)
        return self.send_cdr(document, to=to)

    def _push(self, module: str, key: str, *, to: str) -> Call:
        document = self.own[module][key.upper(),]
        return self.ask("PUT", "RECEIVER", module, *self._owned_path(key), body=document, to=to)

    def _owned_path(self, key: str) -> tuple[str, str, str]:
        owner = self.speaker(CPO)
        return owner.country_code, owner.party_id, quote(key)

    def _location(self, location_id: str) -> Document:
        if location_id not in self.drafts("locations"):
            self.add_location(location_id)
        return self.drafts("locations")[location_id]
