"""What a partner with drivers does: tokens, commands and charging profiles.

Every verb returns the call that it made; the result of a command follows, see ``result_of``.
"""

from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from roaming.protocols.ocpi.simulator import documents
from roaming.protocols.ocpi.simulator.exact import Document
from roaming.protocols.ocpi.simulator.exchanges import Call
from roaming.protocols.ocpi.simulator.options import EMSP
from roaming.protocols.ocpi.simulator.platform import Platform, stamp

UID = "04A1B2C3D4E5F6"


class CspVerbs(Platform):
    """Drafts are kept in the words of 2.2.1, ``own`` in those of the version."""

    def add_token(self, uid: str = UID, **changes: object) -> Document:
        """Into our list, so that we answer for it; nothing is sent. The draft in 2.2.1's words."""
        made = documents.token(self.speaker(EMSP), uid, **changes)
        self.keep("tokens", uid, made)
        return made

    def push_token(self, uid: str = UID, *, to: str = "") -> Call:
        draft = self._token(uid)
        document = self.own["tokens"][uid.upper(), self._kind(draft)]
        path = self._token_path(draft)
        return self.ask("PUT", "RECEIVER", "tokens", *path, body=document, to=to or self.hub())

    def patch_token(self, uid: str = UID, *, to: str = "", **changes: object) -> Call:
        """PATCH, as ``valid=False``; the time is added."""
        said = changes | {"last_updated": stamp()}
        draft = self._token(uid) | said
        self.keep("tokens", uid, draft)
        path = self._token_path(draft)
        return self.ask("PATCH", "RECEIVER", "tokens", *path, body=said, to=to or self.hub())

    def decide(self, uid: str, allowed: str, reference: str = "") -> None:
        """From now on, this is the answer to an authorization of ``uid``."""
        self._token(uid)
        self.manners.decisions[uid] = (allowed, reference)

    def start_remote(self, uid: str, location_id: str, *, to: str = "", **more: object) -> Call:
        """START_SESSION; ``more`` may name evse_uid, connector_id, authorization_reference."""
        token = self._spoken_token(uid)
        return self._command("START_SESSION", to, token=token, location_id=location_id, **more)

    def stop_remote(self, session_id: str, *, to: str = "") -> Call:
        return self._command("STOP_SESSION", to, session_id=session_id)

    def reserve(
        self, uid: str, location_id: str, expiry_date: str, *, to: str = "", **more: object
    ) -> Call:
        """RESERVE_NOW; ``reservation_id`` is made up where ``more`` does not name it."""
        number: object = 1 if self.version == "2.1.1" else self.new_id("R")
        said = {"reservation_id": number, "expiry_date": expiry_date} | more
        token = self._spoken_token(uid)
        return self._command("RESERVE_NOW", to, token=token, location_id=location_id, **said)

    def cancel_reservation(self, reservation_id: str, *, to: str = "") -> Call:
        return self._command("CANCEL_RESERVATION", to, reservation_id=reservation_id)

    def unlock(
        self, location_id: str, evse_uid: str, connector_id: str = "1", *, to: str = ""
    ) -> Call:
        place = {"location_id": location_id, "evse_uid": evse_uid, "connector_id": connector_id}
        return self._command("UNLOCK_CONNECTOR", to, **place)

    def result_of(self, call: Call, *, seconds: float = 5) -> Document:
        """The result that came to the response URL of a command or profile of ours.

        :raises NothingCame: none within ``seconds``.
        """
        results = self.results_of(call)
        self.wait_until(lambda: bool(results), f"a result of {call.url}", seconds=seconds)
        return results[-1]

    def results_of(self, call: Call) -> list[Document]:
        """All that have come so far."""
        body = call.body or dict(parse_qsl(urlsplit(call.url).query))
        return self.results[body["response_url"].rpartition("/")[2]]

    def set_profile(self, session_id: str, profile: Document, *, to: str = "") -> Call:
        body = {"charging_profile": profile, "response_url": self._response_url("chargingprofiles")}
        path = quote(session_id)
        return self.ask("PUT", "RECEIVER", "chargingprofiles", path, body=body, to=to)

    def get_profile(self, session_id: str, *, duration_s: int = 3600, to: str = "") -> Call:
        return self._profile("GET", session_id, to, duration=str(duration_s))

    def clear_profile(self, session_id: str, *, to: str = "") -> Call:
        return self._profile("DELETE", session_id, to)

    def prefer(self, session_id: str, wishes: Document, *, to: str = "") -> Call:
        """PUT charging preferences of a session."""
        path = (quote(session_id), "charging_preferences")
        return self.ask("PUT", "SENDER", "sessions", *path, body=wishes, to=to)

    def _profile(self, method: str, session_id: str, to: str, **query: str) -> Call:
        query["response_url"] = self._response_url("chargingprofiles")
        path = f"{quote(session_id)}?{urlencode(query)}"
        return self.ask(method, "RECEIVER", "chargingprofiles", path, to=to)

    def _command(self, command: str, to: str, **said: object) -> Call:
        body = {"response_url": self._response_url("commands", command)} | said
        return self.ask("POST", "RECEIVER", "commands", command, body=body, to=to)

    def _response_url(self, module: str, *parts: str) -> str:
        key = self.new_id("W")
        self.results[key] = []
        return self.url("sender", module, *parts, key)

    def _token(self, uid: str) -> Document:
        if uid not in self.drafts("tokens"):
            self.add_token(uid)
        return self.drafts("tokens")[uid]

    def _spoken_token(self, uid: str) -> Document:
        kind = self._kind(self._token(uid))
        return self.own["tokens"][uid.upper(), kind]

    def _kind(self, draft: Document) -> str:
        is_known = draft["type"] == "RFID" or self.version != "2.1.1"
        return draft["type"] if is_known else "OTHER"

    def _token_path(self, draft: Document) -> tuple[str, str, str]:
        owner, kind = self.speaker(EMSP), self._kind(draft)
        name = "token_type" if self.version == "2.1.1" else "type"
        query = "" if kind == "RFID" else f"?{name}={kind}"
        return owner.country_code, owner.party_id, quote(draft["uid"]) + query
